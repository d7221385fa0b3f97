"""The way down: from the ledger lines of an edition to delivered rows, in the state each line was
computed from. Knows states and rows; knows no formula."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from roi_pipeline.domain.calendar import Months, add_months, month_end
from roi_pipeline.explain import rows as deep
from roi_pipeline.explain.believed import believed_rows
from roi_pipeline.explain.rows import Found, Key
from roi_pipeline.explain.shared import DRIVER, shared_rows
from roi_pipeline.explain.states import Receipts, State, laid_out, states_of
from roi_pipeline.explain.tree import ZERO, Line, SourceRow
from roi_pipeline.marts.projections import Stance
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline import settings
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import Edition

if TYPE_CHECKING:
    from roi_pipeline.explain.recompute import Reopened

DIGITS = 76  # sums of DECIMAL(38,18) must not be rounded by Python's default of 28


@dataclass
class Walk:
    """One explanation's access to the inputs; what was read once is kept until it ends."""

    portfolio: Portfolio
    edition: Edition
    models: Mapping[str, Table]
    known: Receipts
    last: date
    stack: ExitStack
    books: dict[State, duckdb.DuckDBPyConnection] = field(default_factory=dict)
    loaded: dict[State, tuple[Months, list[str]]] = field(default_factory=dict)
    known_states: dict[date, tuple[State, State | None]] = field(default_factory=dict)
    again: dict[tuple[str, date | None], pl.DataFrame] = field(default_factory=dict)
    found: dict[Any, dict[Key, list[Found]]] = field(default_factory=dict)
    outlooks: dict[date, list[Stance]] = field(default_factory=dict)
    runs: dict[str, "Reopened"] = field(default_factory=dict)  # by edition

    def inputs(self, state: State) -> duckdb.DuckDBPyConnection:
        """The inputs of a state, laid out once."""
        if state not in self.books:
            made = laid_out(self.portfolio, self.models, self.known, state, self.last)
            self.books[state] = self.stack.enter_context(made)
        return self.books[state]

    def states(self, month: date) -> tuple[State, State | None]:
        """The state the ledger of a month was computed from, and where its restatements start."""
        if month not in self.known_states:
            self.known_states[month] = states_of(self.portfolio, self.edition, self.known, month)
        return self.known_states[month]

    def state(self, month: date) -> State:
        """The state the ledger of a month was computed from."""
        return self.states(month)[0]

    def predictions(
        self, state: State, stretch: Months, system_ids: list[str]
    ) -> duckdb.DuckDBPyConnection:
        """The inputs of a state, with the predictions of a stretch of months read, as `linked`."""
        con = self.inputs(state)
        if self.loaded.get(state) != (stretch, system_ids):
            deep.load_predictions(con, self.portfolio, self.models, state, stretch, system_ids)
            self.loaded[state] = (stretch, system_ids)
        return con

    def path(self, delivery_id: str | None) -> str | None:
        """The file a delivery came as."""
        return None if delivery_id is None else self.known.path(delivery_id)


def descend(walk: Walk, lines: Sequence[Line]) -> tuple[list[Line], list[SourceRow]]:
    """The lines with what their rows add up to, and the rows; `line` of a row is a line's number.

    A restatement is the rows of now less the rows with which the month was closed.
    """
    asked = _asked(walk, lines)
    found = {state: _found(walk, state, wanted) for state, wanted in asked.items()}
    told: list[Line] = []
    below: list[SourceRow] = []
    for line in lines:
        now, before = walk.states(line.month)
        parts = _measured(found[now].get(_key(line), ()), line.measure)
        if line.is_restatement and before is not None:
            parts = _difference(parts, _measured(found[before].get(_key(line), ()), line.measure))
            line = replace(line, causes=_causes(walk, now, before, line))
        amount = total(amount for amount, _ in parts)
        if line.measure == "quantity" and line.side == "cost":  # a line's quantity has nine digits
            amount = amount.quantize(Decimal("1e-9"), ROUND_HALF_UP)
        told.append(replace(line, rows_count=len(parts), rows_amount=amount))
        below += [source_row(walk, line.number, amount, one) for amount, one in parts]
    return told, below


def total(amounts: Iterable[Decimal]) -> Decimal:
    """A sum with all its digits.

    >>> total([Decimal("12345678901234567890.000000000000000001")] * 2)
    Decimal('24691357802469135780.000000000000000002')
    """
    with localcontext(prec=DIGITS):
        return sum(amounts, ZERO)


def _asked(walk: Walk, lines: Sequence[Line]) -> dict[State, list[Line]]:
    """Which lines are to be looked up in which state."""
    asked: dict[State, list[Line]] = defaultdict(list)
    for line in lines:
        now, before = walk.states(line.month)
        asked[now].append(line)
        if line.is_restatement and before is not None:
            asked[before].append(line)
    return asked


def _found(walk: Walk, state: State, lines: Sequence[Line]) -> dict[Key, list[Found]]:
    """All rows of a state behind some lines; costs and predictions are each read once."""
    systems = sorted({line.system_id for line in lines})
    costs = sorted({line.belongs_month for line in lines if line.side == "cost"})
    stretch = _stretch(walk, lines)
    is_shared = any(line.base_driver == DRIVER for line in lines)
    asked = (state, tuple(systems), tuple(costs), stretch, is_shared)
    if asked not in walk.found:
        walk.found[asked] = _read(walk, state, systems, costs, stretch, is_shared=is_shared)
    return walk.found[asked]


def _read(
    walk: Walk,
    state: State,
    systems: list[str],
    costs: Sequence[date],
    stretch: Months | None,
    *,
    is_shared: bool,
) -> dict[Key, list[Found]]:
    con = walk.inputs(state)
    found: dict[Key, list[Found]] = {}
    if costs:
        found |= deep.cost_rows(con, walk.models, costs, systems)
    if stretch:
        if is_shared:  # others, and other months, have a part in it
            systems = sorted(system.id for system in walk.portfolio.systems)
            stretch = Months(settings.first_month(walk.portfolio), walk.last)
        con = walk.predictions(state, stretch, systems)
        found |= deep.value_rows(con, walk.models)
        found |= believed_rows(con, walk.models)
        if is_shared:
            found |= shared_rows(con, walk.models)
    return found


def _stretch(walk: Walk, lines: Sequence[Line]) -> Months | None:
    """The months of prediction behind value lines; what is recognised may be a horizon older."""
    value = [line for line in lines if line.side == "value"]
    if not value:
        return None
    horizon = max(system.outcome_horizon_days for system in walk.portfolio.systems)
    reach = -(horizon // 28) - 1
    firsts = [
        line.belongs_month if line.basis == "cohort" else add_months(line.belongs_month, reach)
        for line in value
    ]
    return Months(min(firsts), max(line.belongs_month for line in value))


def _key(line: Line) -> Key:
    more = line.category
    if line.side == "cost":
        more = f"{line.category}/{line.cost_class}/{line.source}"
    return (
        *(line.belongs_month, line.system_id, line.basis, line.base_driver),
        *(line.model_version, line.serving_mode, more),
    )


def _measured(found: Iterable[Found], measure: str) -> list[tuple[Decimal, Found]]:
    """Each row with its part of a line's amount, avoidable amount or quantity."""
    if measure == "avoidable_amount":
        return [(one.avoidable, one) for one in found if one.avoidable]
    if measure == "quantity":
        return [(one.amount if one.quantity is None else one.quantity, one) for one in found]
    return [(one.amount, one) for one in found]


def _difference(
    now: Sequence[tuple[Decimal, Found]], before: Sequence[tuple[Decimal, Found]]
) -> list[tuple[Decimal, Found]]:
    """Rows that came, went, or are worth something else than they were."""
    left: dict[tuple[str, str, int], tuple[Decimal, Found]] = {}
    for sign, parts in ((1, now), (-1, before)):
        for amount, one in parts:
            key = (one.dataset, one.delivery_id, one.row_no)
            was, first = left.get(key, (ZERO, one))
            left[key] = (total((was, sign * amount)), first)
    return [(amount, one) for amount, one in left.values() if amount]


def _causes(walk: Walk, now: State, before: State, line: Line) -> tuple[str, ...]:
    """The files that came after the month was closed and have rows in it, or change its prices."""
    is_value = line.side == "value"
    month, its_month = line.belongs_month, pl.col("month")
    datasets = ("predictions", "outcomes") if is_value else ("billing",)
    reaches = its_month >= month if is_value else its_month == month
    in_days = pl.col("first_at").dt.date() <= month_end(month)
    in_days &= pl.col("last_at").dt.date() >= month
    parts = walk.known.tables["delivery_months"].join(
        walk.known.tables["deliveries"].select("dataset", "delivery_id", "path"),
        on=["dataset", "delivery_id"],
    )
    late = parts.filter(
        pl.concat_str("dataset", "delivery_id", separator="/").is_in([*(now.live - before.live)]),
        its_month.is_null() | reaches | (pl.col("dataset").is_in(datasets) & in_days),
    )
    return tuple(late["path"].unique().sort())


def source_row(walk: Walk, line: int, amount: Decimal, one: Found) -> SourceRow:
    """A found row with the names of its files."""
    return SourceRow(
        line=line,
        amount=amount,
        dataset=one.dataset,
        delivery_id=one.delivery_id,
        path=walk.known.path(one.delivery_id),
        row_no=one.row_no,
        text=one.text,
        quantity=one.quantity,
        unit=one.unit,
        unit_price=one.unit_price,
        outcome_path=walk.path(one.outcome_delivery_id),
        outcome_row_no=one.outcome_row_no,
    )
