"""How an explanation looks: the number, its formula, the ledger lines, the first rows and whether
all of it adds up; and the same, whole, as JSON. Knows the explanation's fields; reads nothing."""

from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from roi_pipeline.explain import Explanation, Line, Number, SourceRow
from roi_pipeline.explain.walk import total
from roi_pipeline.words import count, exact

LINES_SHOWN = 30  # more lines than this are summed up by month first
NARROW = 100


class ExplanationLook:
    """An explanation with the first `limit` rows of every number."""

    def __init__(self, explained: Explanation, limit: int) -> None:
        self.explained = explained
        self.limit = limit

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        explained = self.explained
        yield Text.assemble(
            (f"{explained.table}.{explained.column}", "bold"),
            f"  {explained.month:%B %Y}  {explained.system_id}\n",
            (f"edition {explained.edition}, what was known by {explained.as_of}", "dim"),
        )
        for number in explained.numbers:
            yield Text()
            yield from _number(number, self.limit)
        if len(explained.numbers) > 1:
            yield Text()
            yield _verdict(explained.adds_up, f"All {len(explained.numbers)} numbers add up.")
        for note in explained.notes:
            yield Text(note, style="yellow")


def document(explained: Explanation) -> dict[str, Any]:
    """All lines and all rows, with all their digits."""
    return {
        **{
            name: getattr(explained, name)
            for name in ("table", "month", "system_id", "column", "edition", "as_of", "currency")
        },
        "adds_up": explained.adds_up,
        "notes": list(explained.notes),
        "numbers": [
            asdict(number)
            | {
                "adds_up": number.adds_up,
                "lines": [asdict(line) | {"is_exact": line.is_exact} for line in number.lines],
            }
            for number in explained.numbers
        ],
    }


def _number(number: Number, limit: int) -> Iterator[RenderableType]:
    """One number, from the top down."""
    named = [str(value) for value in number.key.values() if value not in ("", None)]
    if named:
        yield Text(" · ".join(named), style="bold")
    yield Text.assemble((f"{exact(number.published)} {number.unit}".rstrip(), "bold cyan"))
    section = f"  (method {number.method})" if number.method else ""
    yield Padding(Text(f"= {number.formula}{section}"), (0, 0, 0, 2))
    if number.parts:
        yield Padding(_parts(number), (0, 0, 0, 4))
    if number.lines:
        yield from _lines(number)
    yield from _rows(number, limit)
    yield from _inputs(number)
    for note in number.notes:
        yield Padding(Text(note, style="dim"), (0, 0, 0, 2))
    yield _verdict(number.adds_up, _sum_of(number), _gap(number))


def _parts(number: Number) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right", overflow="fold")
    for name, value in number.parts.items():
        table.add_row(name, exact(value))
    return table


def _lines(number: Number) -> Iterator[RenderableType]:
    """The ledger lines; a long list is summed up by side and driver."""
    yield Text(f"  {count(len(number.lines), 'ledger line')}", style="dim")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", ratio=1)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="dim")
    if len(number.lines) <= LINES_SHOWN:
        several = len({line.month for line in number.lines}) > 1
        for line in number.lines:
            rows = count(line.rows_count, "row")
            table.add_row(_named(line, with_month=several), _signed(line), rows)
    else:
        for name, amount, below in _by_driver(number):
            table.add_row(name, exact(amount), count(below, "row"))
    yield Padding(table, (0, 0, 0, 4))
    for line in number.lines:
        if line.causes:
            text = f"{_named(line, with_month=True)} came late with {', '.join(line.causes)}"
            yield Padding(Text(text, style="yellow"), (0, 0, 0, 4))


def _named(line: Line, *, with_month: bool) -> str:
    mode = " ".join(part for part in (line.model_version, line.serving_mode) if part)
    month = f"{line.month:%Y-%m} " if with_month else ""
    return f"{month}{line.system_id} {line.basis} {line.driver}" + (f", {mode}" if mode else "")


def _signed(line: Line) -> str:
    return exact(line.sign * line.amount)


def _by_driver(number: Number) -> list[tuple[str, Decimal, int]]:
    """The lines of many months as one line a driver."""
    grouped: dict[str, list[Line]] = {}
    for line in number.lines:
        grouped.setdefault(f"{line.side} {line.basis} {line.driver}", []).append(line)
    return [
        (
            f"{name}, {count(len({line.month for line in lines}), 'month')}",
            total(line.sign * line.amount for line in lines),
            sum(line.rows_count for line in lines),
        )
        for name, lines in sorted(grouped.items())
    ]


def _rows(number: Number, limit: int) -> Iterator[RenderableType]:
    """The first rows, each with its file."""
    if not number.rows:
        return
    more = len(number.rows) > limit
    which = f"the first {limit} of {len(number.rows):,}" if more else f"{len(number.rows):,}"
    yield Text(f"  delivered rows, {which}", style="dim")
    for row in number.rows[:limit]:
        yield Padding(_row(row), (0, 0, 0, 4))


def _inputs(number: Number) -> Iterator[RenderableType]:
    """The tables its model was run again on, with how many of their rows have its key."""
    if number.inputs:
        read = ", ".join(f"{each.table} ({count(each.rows, 'row')})" for each in number.inputs)
        yield Padding(Text(f"computed again from {read}", style="dim"), (0, 0, 0, 2))


def _row(row: SourceRow) -> Text:
    found = Text.assemble((f"{row.path} row {row.row_no:,}", "cyan"), f"\n  {row.text}")
    if row.quantity is not None and row.unit_price is not None:
        price = exact(row.unit_price)
        found.append(f"\n  {exact(row.quantity)} {row.unit} x {price} = {exact(row.amount)}")
    elif row.line:
        found.append(f": {exact(row.amount)}")
    if row.outcome_path:
        found.append(f"\n  outcome {row.outcome_path} row {row.outcome_row_no:,}", style="dim")
    return found


def _sum_of(number: Number) -> str:
    """What was found to lead to the number."""
    rows = count(len(number.rows), "delivered row")
    if number.counted is not None:
        return f"Exactly {rows}."
    given = "Its model gives it again" if number.inputs else "The formula gives it"
    if not number.lines:
        return f"{given}{f', from {rows}' if number.rows else ''}."
    if (number.inputs or not number.is_applied) and not _is_line(number):
        lines = count(len(number.lines), "ledger line")
        again = f"{given}. " if number.inputs else ""
        return f"{again}{lines} are behind it, and their {rows} add up to each of them exactly."
    return f"{rows} add up to it exactly."


def _is_line(number: Number) -> bool:
    return len(number.lines) == 1 and number.lines[0].amount == number.published


def _gap(number: Number) -> str:
    """What does not lead to the number."""
    if not number.is_proven:
        return "nothing could be compared, see the note"
    if number.is_recomputed is False:
        return f"the formula gives {exact(_decimal(number.recomputed))}"
    if number.counted is not None and number.counted != number.published:
        return f"{count(number.counted, 'row')} were found"
    broken = [line for line in number.lines if not line.is_exact]
    if not broken:
        return ""
    first = broken[0]
    return (
        f"{len(broken)} of {count(len(number.lines), 'line')}; "
        f"{_named(first, with_month=True)} is {exact(first.amount)}, its rows add up to "
        f"{exact(first.rows_amount)}"
    )


def _decimal(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def _verdict(adds_up: bool, good: str, gap: str = "") -> Text:
    if adds_up:
        return Text(good, style="green")
    return Text(f"DOES NOT ADD UP: {gap or 'see above'}", style="bold red")
