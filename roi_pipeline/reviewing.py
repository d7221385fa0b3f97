"""A human decision as one more row of reference/reviews.csv: appended, never edited (method §8).

Knows the shape of the file and which decisions may be recorded; the next run reads it like any
reference table.
"""

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import add_months, month_of
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.reference import REVIEWS
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import current
from roi_pipeline.publish.reading import Tables

FILE = "reviews.csv"
DECISIONS = ("continue", "retrain", "rollback", "replace", "decommission")
HARD_STOP = "hard_stop"
KINDS = ("scheduled", "maintain_or_replace", "decommissioning", HARD_STOP)


@dataclass(frozen=True)
class Decision:
    """What was decided of a system, by whom, and why."""

    system_id: str
    decided_on: date
    kind: str
    decision: str
    decided_by: str
    rationale: str


@dataclass(frozen=True)
class Standing:
    """What the current edition says of a system's reviews: the open question, and the last closed
    month."""

    review: Mapping[str, Any] | None = None
    closed_through: date | None = None


def standing(portfolio: Portfolio, system_id: str) -> Standing:
    """The newest question that is still open for a system, answered already or not."""
    edition = current(portfolio.marts)
    if edition is None or "status_reviews" not in edition.tables:
        return Standing()
    tables = Tables(portfolio.marts / edition.name)
    waiting = tables.frame("status_reviews").filter(
        pl.col("system_id") == system_id,
        pl.col("ended_month").is_null(),
        pl.col("opened_by_rule").is_not_null(),
    )
    newest = waiting.sort("opened_on", descending=True, maintain_order=True).head(1).to_dicts()
    closed = tables.frame("dim_month").filter("is_closed").select(pl.col("month").max()).item()
    return Standing(newest[0] if newest else None, closed)


def record(portfolio: Portfolio, decided: Decision, today: date) -> Path:
    """Append the decision to reference/reviews.csv and return the file.

    ConfigurationError, before anything is written, for a system that is not in the portfolio, a
    day that lies ahead, before the investment or in a closed month, or an empty name or reason.
    """
    system = portfolio.system(decided.system_id)
    closed = standing(portfolio, system.id).closed_through
    _refuse(not decided.decided_by.strip(), "--by is empty: name who decided")
    _refuse(not decided.rationale.strip(), "--rationale is empty: say why")
    on = decided.decided_on
    _refuse(on > today, f"--on {on} lies ahead of today ({today}): record it on the day")
    _refuse(
        on < system.invested_on,
        f"--on {on} is before {system.id} was invested in ({system.invested_on})",
    )
    if closed:
        opens = add_months(closed, 1)
        _refuse(
            month_of(on) <= closed,
            f"--on {on}: {closed:%Y-%m} is closed and keeps its status; date the decision "
            f"{opens} or later",
        )
    file = portfolio.reference / FILE
    _append(file, {name: _plain(value) for name, value in asdict(decided).items()})
    return file


def _refuse(is_wrong: bool, message: str) -> None:
    if is_wrong:
        raise ConfigurationError(message)


def _append(file: Path, row: Mapping[str, str]) -> None:
    """One line more in one write; what stands in the file is not touched."""
    before = file.read_bytes() if file.is_file() else b""
    newline = "\r\n" if b"\r\n" in before else "\n"
    lines = before.decode("utf-8-sig").splitlines()
    header = next(csv.reader(lines[:1])) if lines else list(REVIEWS.names)
    missing = [name for name in REVIEWS.names if name not in header]
    _refuse(
        bool(missing),
        f"{file}: no column {', '.join(missing)}: its header is {','.join(REVIEWS.names)}",
    )
    text = io.StringIO(newline="")
    if before and not before.endswith(b"\n"):
        text.write(newline)
    writer = csv.DictWriter(text, header, restval="", lineterminator=newline)
    if not lines:
        writer.writeheader()
    writer.writerow(row)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, text.getvalue().encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(value: object) -> str:
    """On one line, so that a row of the file is a line of it."""
    return " ".join(str(value).split())
