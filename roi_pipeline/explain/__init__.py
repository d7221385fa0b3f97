"""From a published number down to delivered rows, which must add up to it.

The way: the row of the current edition, its formula (columns.py, numbers.py), the ledger lines
behind it (published.py), and under each line the delivered rows (rows.py), read again from the
clean files in the state the line was computed from (states.py, walk.py). Changes nothing.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date

from roi_pipeline.errors import RoiError
from roi_pipeline.explain import published, states
from roi_pipeline.explain.numbers import number_of
from roi_pipeline.explain.published import Published
from roi_pipeline.explain.tree import Explanation, Line, Number, SourceRow
from roi_pipeline.explain.walk import Walk, descend
from roi_pipeline.models import registry
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import current

__all__ = ["Explained", "Explanation", "Line", "Number", "SourceRow", "explain", "opened"]


def explain(
    portfolio: Portfolio, table: str, month: date, system_id: str, column: str | None = None
) -> Explanation:
    """Every number of `column` that the current edition has for a month and a system, taken apart.

    Raises RoiError when nothing is published or the month or system has no row, ConfigurationError
    for a table or column that is not published. `adds_up` of the result says whether rows, lines
    and formula lead to the published number exactly.
    """
    with opened(portfolio) as edition:
        return edition.explain(table, month, system_id, column)


@dataclass(frozen=True)
class Explained:
    """The current edition, open to be explained; what was read for one number serves the next."""

    there: Published
    walk: Walk

    def explain(
        self, table: str, month: date, system_id: str, column: str | None = None
    ) -> Explanation:
        """As the function of this name."""
        edition, models = self.walk.edition, self.walk.models
        chosen = published.check_names(self.there, models, table, column)
        grain = models[table].grain
        found = published.month_rows(self.there, edition, grain, table, month, system_id)
        numbers: list[Number] = []
        for row in found:
            start = 1 + sum(len(number.lines) for number in numbers)
            number = number_of(self.there, self.walk, table, row, chosen, start)
            numbers += [number] if number else []
        return Explanation(
            table=table,
            month=month,
            system_id=system_id,
            column=chosen,
            edition=edition.name,
            as_of=edition.as_of,
            currency=next((row["currency"] for row in found if row.get("currency")), ""),
            numbers=tuple(_with_rows(self.walk, numbers)),
            notes=tuple(_notes(self.walk)),
        )


@contextmanager
def opened(portfolio: Portfolio) -> Iterator[Explained]:
    """The current edition, to explain several of its numbers; RoiError when there is none."""
    edition = current(portfolio.marts)
    if edition is None:
        raise RoiError(f"{portfolio.marts}: nothing is published yet; run `roi-pipeline run`")
    with ExitStack() as stack:
        there = published.opened(portfolio.marts, edition)
        known = states.receipts(portfolio, edition)
        last = date.fromisoformat(f"{edition.months[-1]}-01")
        found = registry.load(portfolio.folder / "sql")
        yield Explained(there, Walk(portfolio, edition, found, known, last, stack))


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
    edition = walk.edition
    if edition.code_version.endswith(registry.code(walk.models)[:12]):
        return []
    return [f"the models changed since this edition ({edition.code_version}): run again"]
