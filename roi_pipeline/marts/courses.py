"""The ways out of a system's situation as flows of money and qualities to come (method §7.1, §7.3).

What an option costs is only what somebody has written down in reference/options.csv; how good an
earlier version would be is only what was measured on the same recent rows. What is not known is
not guessed: the option is listed with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import hypot, sqrt
from typing import Any

import numpy as np
import polars as pl

from roi_pipeline.domain.calendar import month_end
from roi_pipeline.domain.degradation import Floats
from roi_pipeline.marts.outlook import FEW_LABELS, NO_WORTH, Outlook, VersionMonth, Versions
from roi_pipeline.marts.reading import Read

ALWAYS = ("retrain", "replace", "decommission")  # listed even when nobody has said what they cost
ON_QUALITY = ("retrain", "replace", "rollback")  # before any `/`; others if a quality is stated
NEW_MODEL = ("retrain", "replace")  # worth nothing definite until someone says how good it will be


@dataclass(frozen=True)
class Stated:
    """What people have written down about an option, in the reporting currency."""

    option: str
    valid_from: date
    one_off_cost: float | None  # None: no exchange rate
    monthly_cost_change: float | None
    salvage_value: float | None
    expected_quality: float | None
    standard_error: float | None
    life_months: int | None
    source_document: str


@dataclass(frozen=True)
class Course:
    """One option as flows: what is paid, how good it will be, how long it lasts."""

    option: str
    life: int
    assumption: str
    quality: Floats | None = None  # month by month; None: nothing runs any more
    quality_error: Floats | None = None  # None: that of carrying on, and wrong together with it
    one_off: float = 0.0
    cost_change: float = 0.0
    salvage: float = 0.0
    model_version: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Reference:
    """The dated rows about options and versions, by system."""

    stated: Mapping[str, Sequence[Stated]]
    deployed: Mapping[str, Sequence[tuple[str, date]]]

    @classmethod
    def read(cls, read: Read) -> "Reference":
        """All rows, oldest first, so that a later one replaces an earlier one (reads `option_cost`
        and `model_versions`)."""
        stated: dict[str, list[Stated]] = {}
        options = read("option_cost").sort("system_id", "valid_from", "option")
        for row in options.iter_rows(named=True):
            stated.setdefault(row["system_id"], []).append(_stated(row))
        first_deployed = (
            read("model_versions")
            .filter(pl.col("rollback_possible"))
            .group_by("system_id", "model_version")
            .agg(pl.min("deployed_on"))
            .sort("system_id", "model_version")
        )
        deployed: dict[str, list[tuple[str, date]]] = {}
        for system_id, version, since in first_deployed.iter_rows():
            deployed.setdefault(system_id, []).append((version, since))
        return cls(stated, deployed)

    def in_force(self, system_id: str, month: date) -> dict[str, Stated]:
        """The newest row of each option on the last day of a month."""
        last = month_end(month)
        return {o.option: o for o in self.stated.get(system_id, ()) if o.valid_from <= last}

    def earlier(self, system_id: str, month: date, current: str | None) -> list[str]:
        """The versions one can go back to."""
        last = month_end(month)
        found = self.deployed.get(system_id, ())
        return [version for version, since in found if since <= last and version != current]


def _stated(row: Mapping[str, Any]) -> Stated:
    """A row of `option_cost` with its decimals as the floats that present values are made of."""
    money = ("one_off_cost", "monthly_cost_change", "salvage_value")
    numbers = (*money, "expected_quality", "standard_error")
    return Stated(
        option=row["option"],
        valid_from=row["valid_from"],
        life_months=row["life_months"],
        source_document=row["source_document"],
        **{name: None if row[name] is None else float(row[name]) for name in numbers},
    )


def courses(
    ahead: Outlook, versions: Versions, reference: Reference, horizon: int
) -> Iterator[Course | tuple[str, str]]:
    """Every option as a course, or as its name and the reason why it cannot be valued.

    What rests on quality is not valued where net value does not rise with it (method §5.2b).
    """
    stated = reference.in_force(ahead.system_id, ahead.month)
    level, _ = ahead.valued_quality(horizon)
    law: str = ahead.fit.decay.law if ahead.fit else "level (too few months for a law)"
    law = law if ahead.has_worth else f"held at {float(level[0]):.4f}, since it has no worth"
    yield Course("keep", horizon, f"quality: {law}", level)
    for name in sorted({*ALWAYS, *stated}):
        yield _course(ahead, name, stated.get(name), horizon)
    earlier = reference.earlier(ahead.system_id, ahead.month, ahead.model_version)
    for version in earlier:
        yield _rollback(ahead, version, versions, stated.get("rollback"), horizon)
    if not earlier:
        yield "rollback", "no_earlier_version"


def _course(
    ahead: Outlook, name: str, stated: Stated | None, horizon: int
) -> Course | tuple[str, str]:
    """An option that somebody has priced."""
    is_stated = stated is not None and stated.expected_quality is not None
    is_on_quality = name.split("/")[0] in ON_QUALITY or (is_stated and name != "decommission")
    if is_on_quality and not ahead.has_worth:
        return name, NO_WORTH
    if stated is None:
        return name, "no_cost_stated"
    if stated.one_off_cost is None:
        return name, "no_exchange_rate"
    life = horizon if name == "decommission" else stated.life_months or horizon
    course = Course(
        name,
        life,
        "value and avoidable cost end",
        one_off=stated.one_off_cost,
        cost_change=stated.monthly_cost_change or 0.0,
        salvage=stated.salvage_value or 0.0,
        source=stated.source_document,
    )
    if name == "decommission":
        return course
    expected = stated.expected_quality
    if expected is None:
        if name in NEW_MODEL:
            return name, "no_expected_quality"
        kept = ahead.valued_quality(life)[0]
        return replace(course, assumption="quality: as if kept", quality=kept)
    error = np.full(life, stated.standard_error or ahead.quality_error)
    told = f"quality: {expected} at first (stated), then falling as this version did when new"
    level = expected - _worn(ahead, life)
    return replace(course, assumption=told, quality=level, quality_error=error)


def _worn(ahead: Outlook, months: int) -> Floats:
    """What a new model loses month by month, if it wears off as the present one did."""
    if ahead.fit is None:
        return np.zeros(months)
    since = ahead.age + 1  # so that the first month ahead is the first of its life
    start = ahead.fit.decay.quality(0.0)
    lost: Floats = np.maximum(start - ahead.quality(months, back=since)[0], 0.0)
    return lost


def _rollback(
    ahead: Outlook, version: str, versions: Versions, stated: Stated | None, horizon: int
) -> Course | tuple[str, str]:
    """Going back, at the quality that version shows on the recent rows of the present one (W23)."""
    name = f"rollback/{version}"
    if not ahead.has_worth:
        return name, NO_WORTH
    here = versions.get(ahead.model_version or "", [])
    shared = _shared(ahead, here, versions.get(version, []))
    if shared is None:
        return name, "no_shared_evidence"
    there, now, error = shared
    if stated is None:
        return name, "no_cost_stated"
    if stated.one_off_cost is None:
        return name, "no_exchange_rate"
    level = np.clip(ahead.quality(horizon)[0] + (there - now), 0.0, 1.0)
    return Course(
        name,
        horizon,
        f"quality: {there - now:+.4f} on the same recent rows, then falling as if kept",
        level,
        np.full(horizon, error),
        stated.one_off_cost,
        stated.monthly_cost_change or 0.0,
        model_version=version,
        source=stated.source_document,
    )


def _shared(
    ahead: Outlook, here: Sequence[VersionMonth], there: Sequence[VersionMonth]
) -> tuple[float, float, float] | None:
    """Both versions' quality in the evidence months in which both have labels, and the error of
    their difference. A version in the shadow is compared by its labels, not by decisions."""
    recent = {month.month for month in ahead.window}
    months = {m.month for m in here} & {m.month for m in there} & recent
    counts = []
    is_shadow = not any(m.decisions for m in there if m.month in months)
    for version in (there, here):
        rows = [m for m in version if m.month in months]
        n = sum(m.labelled if is_shadow else m.decisions for m in rows)
        right = sum(m.right_labels if is_shadow else m.right_decisions for m in rows)
        if n < FEW_LABELS:
            return None
        counts.append((right / n, n))
    errors = [sqrt(q * (1 - q) / n) for q, n in counts]
    return counts[0][0], counts[1][0], hypot(*errors)
