"""From a published number down to delivered rows, which must add up to it.

The way: the row of the current edition, its formula (columns.py, numbers.py), the ledger lines
behind it (published.py), and under each line the delivered rows (rows.py), read again from the
clean files in the state the line was computed from (states.py, walk.py). Changes nothing.
"""

from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from hashlib import sha256

from roi_pipeline import models
from roi_pipeline.errors import RoiError
from roi_pipeline.explain import published, states
from roi_pipeline.explain.numbers import number_of
from roi_pipeline.explain.tree import Explanation, Line, Number, SourceRow
from roi_pipeline.explain.walk import Walk, descend
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import current

__all__ = ["Explanation", "Line", "Number", "SourceRow", "explain"]


def explain(
    portfolio: Portfolio, table: str, month: date, system_id: str, column: str | None = None
) -> Explanation:
    """Every number of `column` that the current edition has for a month and a system, taken apart.

    Raises RoiError when nothing is published or the month or system has no row, ConfigurationError
    for a table or column without a recipe. `adds_up` of the result says whether rows, lines and
    formula lead to the published number exactly.
    """
    edition = current(portfolio.marts)
    if edition is None:
        raise RoiError(f"{portfolio.marts}: nothing is published yet; run `roi-pipeline run`")
    chosen = published.check_names(edition, table, column)
    with ExitStack() as stack:
        there = stack.enter_context(published.opened(portfolio.marts, edition))
        found = published.month_rows(there, edition, table, month, system_id)
        known = stack.enter_context(states.receipts(portfolio))
        last = date.fromisoformat(f"{edition.months[-1]}-01")
        walk = Walk(portfolio, edition, models.load(portfolio.folder / "sql"), known, last, stack)
        numbers: list[Number] = []
        for row in found:
            start = 1 + sum(len(number.lines) for number in numbers)
            number = number_of(there, walk, table, row, chosen, start)
            numbers += [number] if number else []
        numbers = _with_rows(walk, numbers)
        notes = tuple(_notes(walk))
    return Explanation(
        table=table,
        month=month,
        system_id=system_id,
        column=chosen,
        edition=edition.name,
        as_of=edition.as_of,
        currency=next((row["currency"] for row in found if row.get("currency")), ""),
        numbers=tuple(numbers),
        notes=notes,
    )


def _with_rows(walk: Walk, numbers: list[Number]) -> list[Number]:
    """The rows under the lines of all numbers; inputs are read once for all of them."""
    lines, rows = descend(walk, [line for number in numbers for line in number.lines])
    told = {line.number: line for line in lines}
    below: dict[int, list[SourceRow]] = {}
    for row in rows:
        below.setdefault(row.line, []).append(row)
    return [
        replace(
            number,
            lines=tuple(told[line.number] for line in number.lines),
            rows=tuple(row for line in number.lines for row in below.get(line.number, ())),
        )
        if number.lines
        else number
        for number in numbers
    ]


def _notes(walk: Walk) -> list[str]:
    """What may keep an explanation from adding up."""
    queries = "".join(model.code_version for model in walk.models.values())
    if walk.edition.code_version.endswith(sha256(queries.encode()).hexdigest()[:12]):
        return []
    return [f"the models changed since this edition ({walk.edition.code_version}): run again"]
