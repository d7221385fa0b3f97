"""What is expected of a system from a month on, if nothing is changed: the base of all that looks
ahead (method §5, §7).

The level of volume, value and cost is that of the trailing evidence window; quality follows the
law fitted to the model version, and is held where the law says nothing any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from math import hypot, sqrt

import numpy as np

from roi_pipeline.domain.calendar import months_between
from roi_pipeline.domain.cashflow import monthly_rate
from roi_pipeline.domain.decay_fit import FEWEST, Fit, Point, fit
from roi_pipeline.domain.degradation import Floats
from roi_pipeline.domain.value import Month
from roi_pipeline.marts.economics import Economy, mean_month
from roi_pipeline.marts.reading import Read
from roi_pipeline.marts.terms import Terms

RECENT = 12  # evidence months that say how much a month scatters
FEW_LABELS = 30  # a version with fewer labelled rows in a month says nothing about its quality
NO_WORTH = "quality_has_no_worth"
UNKNOWN_SCATTER = 0.1  # relative, while there are too few months to measure it
KEPT = 4_096  # fits and lines: what looks ahead from one month asks for the same ones


@dataclass(frozen=True)
class VersionMonth:
    """The labelled rows of one model version in one month."""

    month: date
    decisions: int
    right_decisions: int
    labelled: int
    right_labels: int


Versions = dict[str, list[VersionMonth]]  # by model version, oldest first


@dataclass(frozen=True)
class Outlook:
    """The expected month and its errors; `missing_reason` says why there is none."""

    system_id: str
    month: date
    window: tuple[Economy, ...]
    base: Month | None
    rate: float  # the hurdle a month
    hurdle: float  # a year
    model_version: str | None
    age: float  # months since that version began, at `month`
    points: tuple[Point, ...]
    fit: Fit | None
    quality_error: float  # of the window's quality, from its counts
    volume_error: float  # relative, of the expected volume
    value_error: float  # relative, of the expected value
    cost_error: float  # relative, of the expected cost
    fixed: float  # running cost a month that stopping would not save
    compute: float  # what clouds and model providers bill of the avoidable cost a month
    month_error: float  # money, by which the net of single months scatters
    correlation: float  # of volume and cost, month by month
    freedom: float  # months of scatter seen, less those a line takes
    missing_reason: str | None

    @property
    def seed(self) -> int:
        """The seed of every draw about this system and month; published beside what it gave."""
        return int.from_bytes(sha256(f"{self.system_id}/{self.month}".encode()).digest()[:4])

    @property
    def has_worth(self) -> bool:
        """Whether net value rises with quality (method §5.2b): d net / d quality is volume times
        the worth of a right decision above a wrong one, as this system's own outcomes have it."""
        return self.base is not None and self.base.volume * self.base.unit_value > 0

    def valued_quality(self, months: int) -> tuple[Floats, Floats]:
        """The quality that money is computed with: the expected one, or, where net value does not
        rise with quality, the window's level, so that a fall of quality raises nothing."""
        if self.base is None or self.has_worth:
            return self.quality(months)
        return np.full(months, float(self.base.quality)), np.zeros(months)

    def quality(self, months: int, back: float = 0.0) -> tuple[Floats, Floats]:
        """Expected quality and its standard error 1 to `months` months ahead.

        A law is not followed beyond twice the span it was seen over (method §5.2). `back` tells it
        for a version that many months younger.
        """
        ahead = np.arange(1, months + 1, dtype=np.float64)
        if self.fit is None:
            level = float(self.base.quality) if self.base else 0.0
            return np.full(months, level), np.full(months, self.quality_error)
        ages = np.minimum(self.age + ahead, 2 * self.fit.last_age - self.fit.first_age) - back
        return self.fit.decay.quality(ages), self.fit.standard_error(ages)


def read_versions(read: Read, name: str = "degradation_monthly") -> dict[str, Versions]:
    """The labelled rows of every version, by system, from a table that has them by month."""
    found: dict[str, Versions] = {}
    keys, counts = ("system_id", "model_version"), tuple(VersionMonth.__dataclass_fields__)
    for system_id, version, *row in (
        read(name).sort(*keys, "month").select(*keys, *counts).iter_rows()
    ):
        found.setdefault(system_id, {}).setdefault(version, []).append(VersionMonth(*row))
    return found


def look_ahead(
    system_id: str,
    seen: Sequence[Economy],
    versions: Versions,
    terms: Terms,
    version: str | None = None,
) -> Outlook:
    """The outlook from the last of the months seen, for the version that decides most (or one
    that is named)."""
    now = seen[-1]
    size = int(terms.number(system_id, now.month, "evidence_window_months", 3))
    hurdle = terms.number(system_id, now.month, "hurdle_rate_annual", 0.12)
    convention = terms.text(system_id, now.month, "hurdle_convention", "effective")
    evidence = [month for month in seen if month.is_evidence]
    window = tuple(evidence[-size:])
    base = mean_month(list(window)) if window else None
    version = version or next((m.model_version for m in reversed(seen) if m.model_version), None)
    points = fitting_points(versions.get(version or "", []), {month.month for month in evidence})
    began = versions[version][0].month if version in versions else now.month
    recent = evidence[-RECENT:]
    share = float(base.quality) if base else 0.0
    decisions = sum(month.decisions for month in window)
    worth = abs(float(sum(month.value for month in window)))
    return Outlook(
        system_id,
        now.month,
        window,
        base,
        monthly_rate(hurdle, convention),
        hurdle,
        version,
        float(months_between(began, now.month)),
        tuple(points),
        _fit(tuple(points)),
        sqrt(share * (1 - share) / decisions) if decisions else 0.0,
        _level_error([float(month.decisions) for month in recent], size),
        hypot(
            sum(month.price_error for month in window),
            sqrt(sum(month.value_variance for month in window)),
        )
        / worth
        if worth
        else 0.0,
        _level_error([float(month.avoidable) for month in recent], size),
        _mean([float(month.fixed) for month in window]),
        _mean([float(month.compute) for month in window]),
        _month_error([float(month.value - month.avoidable) for month in recent]),
        correlation(
            [float(month.decisions) for month in recent],
            [float(month.avoidable) for month in recent],
        ),
        float(max(len(recent) - 2, 2)),
        None if base else _missing(seen, window),
    )


def fitting_points(months: Sequence[VersionMonth], evidence: set[date]) -> list[Point]:
    """The evidence months of a version as points of its quality; age 0 is its first month."""
    return [
        Point(
            float(months_between(months[0].month, month.month)),
            month.right_decisions / month.decisions,
            month.decisions,
        )
        for month in months
        if month.month in evidence and month.decisions >= FEW_LABELS
    ]


@lru_cache(maxsize=KEPT)
def _fit(points: tuple[Point, ...]) -> Fit | None:
    return fit(points)


def scatter(levels: Sequence[float]) -> float | None:
    """The standard deviation of levels about their own line; None for fewer than 4.

    >>> scatter([1.0, 2.0, 3.0, 4.0])
    0.0
    """
    if len(levels) < FEWEST:
        return None
    return round(sqrt(float(np.sum(_about_a_line(tuple(levels)) ** 2)) / (len(levels) - 2)), 6)


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """How two series move together about their lines, halved: a dozen months prove no more.

    >>> correlation([1.0, 2.0, 1.0, 2.0, 1.0], [5.0, 7.0, 5.0, 7.0, 5.0])
    0.5
    """
    if min(scatter(one) or 0.0, scatter(other) or 0.0) == 0.0:
        return 0.0
    found = np.corrcoef(_about_a_line(tuple(one)), _about_a_line(tuple(other)))[0, 1]
    return round(float(found) / 2, 6)


@lru_cache(maxsize=KEPT)
def _about_a_line(levels: tuple[float, ...]) -> Floats:
    ages = np.arange(len(levels), dtype=np.float64)
    slope, level = np.polyfit(ages, levels, 1)
    residuals: Floats = np.asarray(levels, dtype=np.float64) - level - slope * ages
    return residuals


def _mean(levels: Sequence[float]) -> float:
    return sum(levels) / len(levels) if levels else 0.0


def _month_error(nets: Sequence[float]) -> float:
    found = scatter(nets)
    return UNKNOWN_SCATTER * abs(_mean(nets)) if found is None else found


def _level_error(levels: Sequence[float], size: int) -> float:
    """How far, relatively, the mean of the window may be from that of the months to come."""
    found = scatter(levels)
    if found is None:
        return UNKNOWN_SCATTER
    mean = abs(float(np.mean(levels[-size:])))
    return found / sqrt(min(size, len(levels))) / mean if mean else 0.0


def _missing(seen: Sequence[Economy], window: Sequence[Economy]) -> str:
    if window:
        return "no_errors_seen" if all(month.decisions for month in window) else "no_quality"
    return seen[-1].missing_reason or "no_evidence"
