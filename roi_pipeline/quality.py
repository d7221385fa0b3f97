"""What must hold before a month is published: a suite of checks run on a table.

Knows how to run a suite (suites.py) and how an outcome is judged. Knows no table of
the portfolio by name. Imports Great Expectations only when it checks one: that takes seconds.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from roi_pipeline import warehouse
from roi_pipeline.domain.calendar import add_months
from roi_pipeline.errors import ConfigurationError, RoiError
from roi_pipeline.suites import NAME, Check, Severity, Suite, identifier, suites

__all__ = [
    "Check",
    "CheckOutcome",
    "Suite",
    "blocking",
    "period",
    "suites",
    "validate",
]

Value = str | int | Decimal | date | datetime
CHECKED, PARAMETERS = "checked_rows", "check_parameters"
EDGES = ("month_first", "month_after", "instant_first", "instant_after")
_EXPLAINED = re.compile(r"\b((?:Binder|Catalog|Parser) Error: [^\n]*)")
_ABSENT_COLUMN = re.compile(r'The column "\w+" in BatchData does not exist')


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found: counts, numbers, times and column names, never a value of the data."""

    table: str
    name: str
    severity: Severity
    passed: bool
    observed: str | None
    failing: int | None
    rows: int | None
    error: str | None
    description: str = ""

    @property
    def is_blocking(self) -> bool:
        """Failed and critical; or it could not run, and then nobody knows."""
        return not self.passed and (self.severity == "critical" or self.error is not None)


def period(
    month_first: date,
    month_last: date,
    *,
    time_zone: str = "UTC",
    expects_rows: bool = True,
    max_quarantined_share: Decimal = Decimal("0.01"),
) -> dict[str, Value]:
    """The parameters of the suites, for the months from `month_first` to `month_last` (first days).

    `month_after` is the month after the last; `instant_first` and `instant_after` are the same
    edges as UTC instants of the portfolio's midnight; `fresh_after` is three days before the end.

    >>> period(date(2026, 10, 1), date(2026, 12, 1), time_zone="Asia/Kolkata")["instant_after"]
    datetime.datetime(2026, 12, 31, 18, 30)
    """
    month_after = add_months(month_last, 1)
    edges = [_instant(day, time_zone) for day in (month_first, month_after)]
    return {
        "month_first": month_first,
        "month_after": month_after,
        "instant_first": edges[0],
        "instant_after": edges[1],
        "fresh_after": edges[1] - timedelta(days=3),
        "min_rows": int(expects_rows),
        "max_quarantined_share": max_quarantined_share,
    }


def validate(
    con: duckdb.DuckDBPyConnection,
    suite: Suite | str,
    table: str,
    parameters: Mapping[str, Value],
) -> list[CheckOutcome]:
    """Check a table, view or TEMP view of `con`; one outcome a check, in the order of the suite.

    The rows of the months asked for are seen as `checked_rows` (`{batch}` in a query), the
    `parameters` (see `period`) as the one row of `check_parameters`; both vanish afterwards.
    A table that is absent or has no month column makes every check fail with the reason.
    Raises RoiError inside an open transaction, which a failing query would abort, and
    ConfigurationError when a parameter is missing.
    """
    if isinstance(suite, str):
        suite = suites()[suite]
    _ready(con, suite, parameters)
    from roi_pipeline import gx_duckdb  # seconds of CPU, so not before it is needed

    try:
        with _staged(con, suite, table, parameters):
            given = {name: _for_gx(value) for name, value in parameters.items()}
            found = gx_duckdb.run(con, CHECKED, suite.document, given)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        reason = _reason((str(error),))
        return [_unrunnable(suite.table, check, reason) for check in suite.checks]
    rows = _rows(result.details for result in found.values())
    return [_outcome(suite.table, check, found[check.name], rows) for check in suite.checks]


def blocking(outcomes: Iterable[CheckOutcome]) -> tuple[CheckOutcome, ...]:
    """Those that keep the month from being published."""
    return tuple(outcome for outcome in outcomes if outcome.is_blocking)


def _ready(con: duckdb.DuckDBPyConnection, suite: Suite, parameters: Mapping[str, Value]) -> None:
    if _is_in_transaction(con):
        raise RoiError(f"{suite.table}: commit first; a check that fails would undo the open work")
    needed = {*suite.parameters, *EDGES}
    missing = sorted(needed - parameters.keys())
    if missing:
        raise ConfigurationError(
            f"expectations/{suite.table}.json: no value for {', '.join(missing)}; "
            "give the parameters that quality.period() makes"
        )


@contextmanager
def _staged(
    con: duckdb.DuckDBPyConnection, suite: Suite, table: str, parameters: Mapping[str, Value]
) -> Iterator[None]:
    names = [identifier(name) for name in parameters]
    warehouse.create_row(con, PARAMETERS, dict(zip(names, parameters.values(), strict=True)))
    edges = [
        (
            identifier(column),
            _for_gx(parameters[f"{edge}_first"]),
            _for_gx(parameters[f"{edge}_after"]),
        )
        for column, edge in ((suite.date_column, "month"), (suite.instant_column, "instant"))
        if column
    ]
    warehouse.show_span(con, CHECKED, identifier(table), edges)
    try:
        yield
    finally:
        warehouse.drop(con, view=CHECKED)
        warehouse.drop(con, table=PARAMETERS)


def _is_in_transaction(con: duckdb.DuckDBPyConnection) -> bool:
    """In autocommit every statement is a transaction of its own, with a number of its own."""
    first, second = (warehouse.rows(con, "select txid_current()") for _ in range(2))
    return first == second


def _instant(day: date, time_zone: str) -> datetime:
    local = datetime.combine(day, time(), ZoneInfo(time_zone))
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def _for_gx(value: Value) -> str | int | float:
    """Times as whole timestamps: a bound of a bare date makes GX compare dates."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return f"{value.isoformat()} 00:00:00"
    return float(value) if isinstance(value, Decimal) else value


def _rows(details: Iterable[Mapping[str, Any]]) -> int | None:
    counts = (detail.get("element_count") for detail in details)
    return next((int(count) for count in counts if count is not None), None)


def _unrunnable(table: str, check: Check, reason: str) -> CheckOutcome:
    return CheckOutcome(
        table, check.name, check.severity, False, None, None, None, reason, check.description
    )


def _outcome(table: str, check: Check, result: Any, rows: int | None) -> CheckOutcome:
    if result.faults:
        return _unrunnable(table, check, _reason(result.faults))
    details, observed = result.details, result.details.get("observed_value")
    failing = details.get("unexpected_count")
    if check.type == "unexpected_rows_expectation":
        failing, observed = observed, None
    if check.type == "expect_table_row_count_to_be_between":
        rows = observed
    return CheckOutcome(
        table=table,
        name=check.name,
        severity=check.severity,
        passed=result.passed,
        observed=_columns(details) if isinstance(observed, list) else _shown(observed),
        failing=failing,
        rows=rows,
        error=None,
        description=check.description,
    )


def _shown(observed: object) -> str | None:
    """Numbers and times as text; anything else could be a value of the data."""
    if isinstance(observed, date):
        return observed.isoformat()
    return str(observed) if isinstance(observed, int | float | Decimal) else None


def _columns(details: Mapping[str, Any]) -> str | None:
    """Which columns are missing, by name; more columns than expected are no news."""
    missing = details.get("details", {}).get("mismatched", {}).get("missing", [])
    plain = [name for name in missing if NAME.fullmatch(name)]
    return f"missing: {', '.join(plain)}" if plain else None


def _reason(messages: Sequence[str]) -> str:
    """Why a check could not run. Only errors that speak of names are quoted, not of values."""
    for pattern in (_EXPLAINED, _ABSENT_COLUMN):
        for message in messages:
            found = pattern.search(message)
            if found:
                return re.sub(r"[<>@]", "", found[0])
    return "the query failed; its message is withheld, because it may quote values of the data"
