"""What an explanation is: a published number, the ledger lines that make it, the delivered rows
that make each line. Knows how they must add up; reads nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

Measure = Literal["amount", "avoidable_amount", "quantity"]
ZERO = Decimal(0)


@dataclass(frozen=True)
class SourceRow:
    """One delivered row, or the part of it that falls to a line; `amount` in the line's unit.

    A value row names the row of the prediction and, as `outcome_path` and `outcome_row_no`, the
    row of the outcome. `text` says what the row is about.
    """

    line: int
    amount: Decimal
    dataset: str
    delivery_id: str
    path: str
    row_no: int
    text: str
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    outcome_path: str | None = None
    outcome_row_no: int | None = None


@dataclass(frozen=True)
class Line:
    """One ledger line behind a number; it counts `sign` times in it. `number` tells it apart.

    `amount` is what the edition says for the `measure` at hand, `rows_amount` what the delivered
    rows add up to; `causes` are the files that came after the month was closed, for a restatement.
    """

    number: int
    month: date
    belongs_month: date
    system_id: str
    side: str
    basis: str
    driver: str
    model_version: str
    serving_mode: str
    category: str
    cost_class: str | None
    source: str
    unit: str
    measure: Measure
    amount: Decimal
    sign: int = 1
    rows_count: int = 0
    rows_amount: Decimal | None = None
    causes: tuple[str, ...] = ()

    @property
    def is_restatement(self) -> bool:
        """Whether it corrects a month that was closed before."""
        return self.belongs_month != self.month

    @property
    def base_driver(self) -> str:
        """The driver it corrects: without `restatement/2026-10/`."""
        return self.driver.split("/", 2)[2] if self.is_restatement else self.driver

    @property
    def is_exact(self) -> bool:
        """Whether its rows add up to it, to the last digit."""
        return self.rows_amount == self.amount


@dataclass(frozen=True)
class Input:
    """A table that the model of a number reads; `rows` of it share `keys` with the number's row."""

    table: str
    rows: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Number:
    """One published number with everything behind it.

    `recomputed` is the formula applied to `parts` or lines; it says nothing unless `is_applied`,
    because some formulas need more than is published. `counted`, for a number of predictions, is
    how many rows were found.
    """

    column: str
    key: Mapping[str, Any]
    published: Any
    unit: str
    formula: str = ""
    method: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    recomputed: Any = None
    is_applied: bool = False
    lines: tuple[Line, ...] = ()
    rows: tuple[SourceRow, ...] = ()
    counted: int | None = None
    inputs: tuple[Input, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_recomputed(self) -> bool | None:
        """Whether the formula gives the published number; None when it was not applied."""
        if not self.is_applied:
            return None
        if isinstance(self.published, Decimal) and isinstance(self.recomputed, float):
            return abs(float(self.published) - self.recomputed) <= 1e-6
        return bool(self.recomputed == self.published)

    @property
    def is_proven(self) -> bool:
        """Whether anything was compared: a formula, the rows of lines, or a count."""
        return self.is_applied or bool(self.lines) or self.counted is not None

    @property
    def adds_up(self) -> bool:
        """Whether formula, lines and rows all lead to the published number."""
        if not self.is_proven:
            return False
        rows = all(line.is_exact for line in self.lines)
        counts = self.counted is None or self.counted == self.published
        return self.is_recomputed is not False and rows and counts


@dataclass(frozen=True)
class Explanation:
    """Every number that a table has under a month and a system, in one column."""

    table: str
    month: date
    system_id: str
    column: str
    edition: str
    as_of: str
    currency: str
    numbers: tuple[Number, ...]
    notes: tuple[str, ...] = ()

    @property
    def adds_up(self) -> bool:
        """Whether every number is made of the rows shown for it."""
        return all(number.adds_up for number in self.numbers)
