"""What the months that are still filling up are on course for, gains and losses apart.

Knows the value of known outcomes by the month they came in; never what open predictions could be.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import months_between
from roi_pipeline.domain.development import Triangle, bornhuetter_ferguson, maturity_by_age
from roi_pipeline.marts.evidence import is_settled, triangle_row
from roi_pipeline.marts.reading import Read, as_of

FACTOR = pl.Decimal(10, 6)
DEVELOPMENT: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "method": pl.String,
    **dict.fromkeys(("gain_maturity", "loss_maturity"), pl.Float64),
    **dict.fromkeys(("gain_factor", "loss_factor"), FACTOR),
    "missing_reason": pl.String,
}
# A month of fewer known outcomes, or with less than this share of its value, says too little.
SPARSE_OUTCOMES, SPARSE_SHARE = 30, 0.25


@dataclass(frozen=True)
class Cohort:
    """One month of one system: how many were acted on and are known, and whether that is all."""

    month: date
    acted: int
    linked: int
    is_final: bool


def development_monthly(read: Read) -> pl.DataFrame:
    """How much of a month's gains and losses is in, and by what its value so far is multiplied to
    be what it is on course for (method §3.2).

    `complete` when nothing more can come; `chain_ladder` by how earlier months filled up;
    `bornhuetter_ferguson` where the month is sparse: what is in, and the share that is not in yet
    of what a decision brought in finished months.
    """
    cut_off, values = as_of(read), _values(read)
    rows: list[dict[str, Any]] = []
    for system_id, cohorts in _cohorts(read, cut_off).items():
        signs = [
            developed(cohorts, values.get((system_id, sign), {}), cut_off)
            for sign in ("gain", "loss")
        ]
        for cohort, gain, loss in zip(cohorts, *signs, strict=True):
            methods = {method for method, _, factor in (gain, loss) if factor is not None}
            is_known = gain[2] is not None and loss[2] is not None
            rows.append(
                {
                    "month": cohort.month,
                    "system_id": system_id,
                    "method": max(methods, key=METHODS.index) if is_known else None,
                    "gain_maturity": gain[1],
                    "loss_maturity": loss[1],
                    "gain_factor": gain[2],
                    "loss_factor": loss[2],
                    "missing_reason": None if is_known else "immature",
                }
            )
    return pl.DataFrame(rows, schema=DEVELOPMENT)


METHODS = ("complete", "chain_ladder", "bornhuetter_ferguson")
Developed = tuple[str, float | None, Decimal | None]  # method, maturity, factor


def developed(
    cohorts: Sequence[Cohort], values: Mapping[date, Mapping[int, Decimal]], as_of: datetime
) -> list[Developed]:
    """The development of one sign of value over all months of a system."""
    triangle: Triangle = [triangle_row(values.get(c.month, {}), c.month, as_of) for c in cohorts]
    by_age = maturity_by_age(triangle) if cohorts[0].is_final else []
    final = [(c, row[-1]) for c, row in zip(cohorts, triangle, strict=True) if c.is_final and row]
    acted = sum(cohort.acted for cohort, _ in final)
    worth = sum((amount or Decimal(0) for _, amount in final), Decimal(0))
    each = worth / acted if acted else None  # what a decision brought where all is known
    return [_one(cohort, row, by_age, each) for cohort, row in zip(cohorts, triangle, strict=True)]


def _one(
    cohort: Cohort,
    row: Sequence[Decimal | None],
    by_age: Sequence[float | None],
    each: Decimal | None,
) -> Developed:
    if cohort.is_final:
        return "complete", 1.0, Decimal(1)
    latest = row[-1] if row else None
    share = by_age[len(row) - 1] if 0 < len(row) <= len(by_age) else None
    if latest is None or share is None:
        return "chain_ladder", None, None
    if not latest:
        return "chain_ladder", round(share, 6), Decimal(1)  # nothing is in that could be multiplied
    if (cohort.linked < SPARSE_OUTCOMES or share < SPARSE_SHARE) and each is not None:
        ultimate = bornhuetter_ferguson(latest, share, each * cohort.acted)
        return "bornhuetter_ferguson", round(share, 6), _factor(ultimate / float(latest))
    return "chain_ladder", round(share, 6), _factor(1 / share)


def _factor(number: float) -> Decimal:
    return Decimal(str(round(number, 6)))


def _cohorts(read: Read, as_of: datetime) -> dict[str, list[Cohort]]:
    """The months of each system, oldest first."""
    counted = (
        read("evidence_count")
        .join(read("run_month"), on="month", how="semi")
        .group_by("system_id", "month")
        .agg(pl.sum("acted", "linked", "pending"))
        .join(read("systems").select("system_id", "outcome_horizon_days"), on="system_id")
        .sort("system_id", "month")
    )
    found: dict[str, list[Cohort]] = defaultdict(list)
    for system_id, month, acted, linked, pending, horizon in counted.iter_rows():
        is_final = is_settled(month, horizon, as_of) or (acted > 0 and not pending)
        found[system_id].append(Cohort(month, int(acted), int(linked), is_final))
    return found


def _values(read: Read) -> dict[tuple[str, str], dict[date, dict[int, Decimal]]]:
    """Absolute gains and losses of each system and month by age in months."""
    found: dict[tuple[str, str], dict[date, dict[int, Decimal]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for row in read("value_arrival").iter_rows(named=True):
        age = months_between(row["month"], row["observed_month"])
        found[row["system_id"], row["sign"]][row["month"]][age] = row["amount"]
    return found
