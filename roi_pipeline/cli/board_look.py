"""How the board looks, in a wide window and in a narrow one, with colour and without, and as JSON.

Knows the board's fields and how to lay them out; reads nothing.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from roi_pipeline.board import Board, Row
from roi_pipeline.words import (
    HELD,
    NOT_LIVE,
    STATUS,
    count,
    interval,
    money,
    month_name,
    percent,
    reason,
)


class BoardLook:
    """The board, as wide as the window."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        board = self.board
        yield _heading(board)
        yield Text()
        table = _table(board)
        if table.__rich_measure__(console, options.update(width=1000)).maximum <= options.max_width:
            yield table
            yield from _actions(board)
            yield Text()
        else:
            for row in board.rows:
                yield from _block(row, board.currency, is_total=False)
            yield from _block(board.total, board.currency, is_total=True)
        yield _legend(board)
        yield from _notes(board)


def document(board: Board) -> dict[str, Any]:
    """The board for machines; the same numbers with all their digits."""
    systems = [asdict(row) | {"is_breach": row.is_breach} for row in board.rows]
    return {
        "edition": board.edition.name,
        "as_of": board.edition.as_of,
        "published_at": board.edition.published_at,
        "month": board.month,
        "closed_through": board.closed_through,
        "currency": board.currency,
        "breaches": list(board.breaches),
        "systems": systems,
        "portfolio": asdict(board.total),
        "unallocated_cost_cash": board.unallocated,
        "quarantined_rows": board.quarantined,
        "failed_checks": [asdict(check) for check in board.failed_checks],
    }


def _heading(board: Board) -> Text:
    known = board.edition.as_of.replace("T00:00:00Z", "").replace("T", " ").replace("Z", " UTC")
    return Text.assemble(
        (f"{board.month:%B %Y}", "bold"),
        f"  edition {board.edition.name}\n",
        (f"what was known by {known}; money in {board.currency}", "dim"),
        (f"; closed through {month_name(board.closed_through)}", "dim")
        if board.closed_through
        else "",
    )


def _table(board: Board) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("System", "Status", "Since", "12 months"):
        table.add_column(name, no_wrap=True)
    for name in ("Incremental ROI", "Hurdle", "Net cash so far", "At least"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Breakeven", no_wrap=True)
    for row in (*board.rows, board.total):
        total = row is board.total
        if total:
            table.add_row()
        table.add_row(
            Text(row.name, style="bold"),
            "" if total else _status(row),
            "" if total else month_name(row.since),
            strip(row),
            f"{percent(row.metric)} ({interval(row.metric_low, row.metric_high)})",
            "" if total else percent(row.hurdle),
            money(row.cumulative_net_cash),
            _least(row),
            _breakeven(row),
        )
    return table


def _actions(board: Board) -> Iterator[RenderableType]:
    """What to do with each system, and until when."""
    yield Text()
    for row in board.rows:
        yield Text.assemble((row.name, "bold"), f": {_decided(row)}")
        yield from (Padding(line, (0, 0, 0, 2)) for line in _to_do(row, board.currency))


def _block(row: Row, currency: str, *, is_total: bool) -> Iterator[Padding | Text]:
    """One system on a few short lines."""
    head = Text(row.name, style="bold")
    if not is_total:
        head.append("  ")
        head.append_text(_status(row))
    yield head
    hurdle = f", hurdle {percent(row.hurdle)}" if row.hurdle is not None else ""
    least = f" (at least {_least(row)})" if row.cumulative_net_cash_low is not None else ""
    body = Text(
        f"ROI {percent(row.metric)} ({interval(row.metric_low, row.metric_high)}){hurdle}\n"
        f"net cash so far {money(row.cumulative_net_cash, currency)}{least}\n"
        f"breakeven {_breakeven(row)}"
    )
    if not is_total:
        body.append(f"\n{_decided(row)}")
        for line in _to_do(row, currency):
            body.append("\n")
            body.append_text(line)
    if row.history:
        body.append("\n")
        body.append_text(strip(row))
        body.append(f"  since {month_name(row.since)}", style="dim")
    yield Padding(body, (0, 0, 1, 2))


def strip(row: Row) -> Text:
    """Up to twelve months of history, the newest at the right; a held month is a dot."""
    found = Text()
    for standing in row.history:
        _, style, sign = STATUS.get(standing.status, (standing.status, "default", "?"))
        found.append(HELD if standing.held_reason else sign, style=style)
    return found


def _status(row: Row) -> Text:
    if row.status is None:
        return Text(*NOT_LIVE)
    words, style, _ = STATUS.get(row.status, (row.status, "default", "?"))
    return Text(words, style=style)


def _decided(row: Row) -> str:
    """What to do, and why a month without evidence decided nothing."""
    held = f"; held: {reason(row.held_reason)}" if row.held_reason else ""
    return f"{row.action or 'nothing to decide yet'}{held}"


def _to_do(row: Row, currency: str) -> Iterator[Text]:
    """Questions that wait for people, what to look at first, and what the numbers rest on."""
    for review in row.reviews:
        kind = review.kind.replace("_", "-")
        late = "overdue since" if review.is_overdue else "due"
        yield Text.assemble(
            (
                f"{kind} review {late} {review.due_on:%d %b %Y}",
                "bold red" if review.is_overdue else "bold",
            ),
            f", opened {review.opened_on:%d %b %Y}",
        )
    if row.first_action and row.is_breach:
        first = row.first_action
        worth = "" if first.npv is None else f", worth {money(first.npv, currency)}"
        sure = first.probability_best
        chance = "" if sure is None else f", best with probability {sure:.2f}"
        yield Text(f"look first at: {first.option.replace('_', ' ')}{worth}{chance}")
    if row.options_reason:
        yield Text(f"options that rest on quality are not ranked: {reason(row.options_reason)}")
    if row.value is None or row.held_reason == "no_baseline":
        gross = money(row.gross_value, currency)
        yield Text(f"its decisions brought {gross} gross this month: no return", style="dim")
    if row.evidence:
        seen = row.evidence
        shares = (("linked", seen.coverage), ("in", seen.maturity))
        told = ", ".join(
            f"{share * 100:.0f} % {word}" for word, share in shares if share is not None
        )
        grade = f", grade {seen.grade}" if seen.grade else ""
        yield Text(f"evidence: {count(seen.outcomes, 'outcome')}, {told}{grade}", style="dim")


def _least(row: Row) -> str:
    low = row.cumulative_net_cash_low
    return "-" if low is None else money(low)


def _breakeven(row: Row) -> str:
    if row.cumulative_net_cash is None:
        return "not known"
    if row.breakeven_month is None:
        return "not in sight"
    if row.breakeven_periods == 0:
        return "never in deficit"
    verb = "expected in" if row.is_projected else "in"
    return f"{verb} {month_name(row.breakeven_month)}"


def _legend(board: Board) -> RenderableType:
    """What the signs of the strips mean, none of them torn apart at the end of a line."""
    used = [
        *dict.fromkeys(
            standing.status for row in board.rows for standing in row.history if standing.status
        )
    ]
    signs = [(STATUS[name][2], STATUS[name][0], STATUS[name][1]) for name in used if name in STATUS]
    parts = [Text.assemble((sign, style), f" {words}") for sign, words, style in signs]
    if any(standing.held_reason for row in board.rows for standing in row.history):
        parts.append(Text(f"{HELD} held: no evidence that month"))
    return Columns(parts, padding=(0, 2)) if parts else Text("no system is live yet")


def _notes(board: Board) -> Iterator[Text]:
    """What a reader must know beside the numbers."""
    if board.total.cumulative_net_cash is None:
        yield Text(f"no return of the portfolio: {reason(board.total.missing_reason)}")
    if board.unallocated:
        cost = money(board.unallocated, board.currency)
        yield Text(f"{cost} of this month's bills belong to no system (`unallocated`)")
    if board.quarantined:
        yield Text(f"{count(board.quarantined, 'row')} quarantined, with reasons, since the start")
    for check in board.failed_checks:
        times = "" if check.failing is None else f" ({check.failing:,})"
        yield Text.assemble(
            (f"{check.severity} ", "yellow"),
            f"{check.table}, {check.name}{times}: {check.description}",
        )
