"""The statuses of closed months as they were published, and the guard of the terms they stood under
(method §8): history is added to, never rewritten."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from roi_pipeline.domain.status import State
from roi_pipeline.errors import DataRefused
from roi_pipeline.marts.reading import Read
from roi_pipeline.marts.terms import Terms

FILE = "reference/terms.csv"


@dataclass(frozen=True)
class Recorded:
    """The closed months of one system: which, which of them were evidence, and what they left."""

    months: tuple[date, ...] = ()
    evident: tuple[date, ...] = ()
    state: State = field(default_factory=State)
    inputs_sha256: str = ""


def recorded(read: Read, terms: Terms) -> dict[str, Recorded]:
    """What closed months say, by system.

    DataRefused, naming file, row and term, when the terms of a closed month are not those it was
    closed with: nobody sets a threshold after the fact.
    """
    last_closed = read("closing").get_column("month").max()
    if last_closed is None:
        return {}
    kept = (
        read("closed_threshold_status_monthly")
        .filter(pl.col("month") <= last_closed, pl.col("months_in_operation").is_not_null())
        .sort("system_id", "month")
    )
    by_system: dict[str, list[dict[str, Any]]] = {}
    for row in kept.iter_rows(named=True):
        by_system.setdefault(row["system_id"], []).append(row)
        if row["terms"] is not None and row["terms"] != terms.told(row["system_id"], row["month"]):
            raise DataRefused(_moved(read, row, terms))
    return {system_id: _recorded(rows) for system_id, rows in by_system.items()}


def _recorded(rows: list[dict[str, Any]]) -> Recorded:
    last = rows[-1]
    return Recorded(
        tuple(row["month"] for row in rows),
        tuple(row["month"] for row in rows if row["held_reason"] is None),
        State(
            investment=last["investment_state"],
            operating=last["operating_state"],
            negative_since=last["negative_since"],
            months=last["months_in_operation"],
            held=last["held_streak"],
            bad=last["bad_streak"],
            good=last["good_streak"],
            negative=last["negative_streak"],
            probation=last["probation_left"],
        ),
        last["inputs_sha256"],
    )


def _moved(read: Read, row: dict[str, Any], terms: Terms) -> str:
    """Which term of a closed month is another now, and what to do."""
    system_id, month = row["system_id"], row["month"]
    before, now = Terms.heard(row["terms"]), terms.in_force(system_id, month)
    term = next(name for name in sorted({*before, *now}) if before.get(name) != now.get(name))
    was = " version ".join(before[term]) if term in before else "not agreed"
    where, says = FILE, "it has no row any more: put it back"
    if term in now:
        value, version = now[term]
        same = read("terms").filter(system_id=system_id, term=term, version=version)
        number = same.select(pl.max("row_no")).item()
        where = f"{FILE}: row {number}"
        says = (
            f"it would be {value} version {version}: give it a valid_from after the closed months"
        )
    return (
        f"{where}: {term} of {system_id} was {was} when {month:%Y-%m} was closed, and a closed "
        f"month keeps its terms; {says}"
    )
