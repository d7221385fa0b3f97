"""What to do about each system: every way out with its worth, and which one comes first."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from roi_pipeline.domain import options
from roi_pipeline.domain.cashflow import equivalent_periodic_value
from roi_pipeline.domain.degradation import Floats
from roi_pipeline.domain.value import Change, split_change
from roi_pipeline.marts.courses import Course, Reference, courses
from roi_pipeline.marts.economics import MONEY, Economy, cents, mean_month, read_economies
from roi_pipeline.marts.outlook import Outlook, Versions, look_ahead, read_versions
from roi_pipeline.marts.reading import Read, currency
from roi_pipeline.marts.terms import Terms

DRAWS = 20_000
HORIZON = 12  # months; term options_horizon_months
YEAR = 12  # evidence months back to what the present is compared with
OPTIONS: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "option": pl.String,
    "model_version": pl.String,
    **dict.fromkeys(("npv", "equivalent_monthly_value"), MONEY),
    "rank": pl.Int64,
    "probability_best": pl.Float64,
    **dict.fromkeys(("is_recommended", "is_first_action"), pl.Boolean),
    "missing_reason": pl.String,
    **dict.fromkeys(("one_off_cost", "monthly_cost_change", "salvage_value"), MONEY),
    **dict.fromkeys(("expected_quality", "current_quality"), pl.Float64),
    "recovered_value": MONEY,
    **dict.fromkeys(("horizon_months", "life_months"), pl.Int64),
    "dominant_cause": pl.String,
    **dict.fromkeys(("net_change", "volume_effect", "quality_effect"), MONEY),
    **dict.fromkeys(("price_effect", "cost_effect"), MONEY),
    **dict.fromkeys(("compared_from", "compared_to"), pl.Date),
    **dict.fromkeys(("assumptions", "source_document"), pl.String),
    **dict.fromkeys(("draws", "seed"), pl.Int64),
    "currency": pl.String,
}


def options_monthly(read: Read) -> pl.DataFrame:
    """Every way out of a system's situation, ranked by what it is worth (method §7)."""
    terms, versions, reference = Terms.read(read), read_versions(read), Reference.read(read)
    money = currency(read)
    rows: list[dict[str, Any]] = []
    for system_id, months in read_economies(read).items():
        own = versions.get(system_id, {})
        for k in range(len(months)):
            ahead = look_ahead(system_id, months[: k + 1], own, terms)
            horizon = int(terms.number(system_id, ahead.month, "options_horizon_months", HORIZON))
            found = _choice(ahead, months[: k + 1], own, reference, horizon)
            rows.extend(row | {"currency": money} for row in found)
    return pl.DataFrame(rows, schema=OPTIONS)


def _choice(
    ahead: Outlook,
    seen: Sequence[Economy],
    versions: Versions,
    reference: Reference,
    horizon: int,
) -> list[dict[str, Any]]:
    """The rows of one system and month."""
    shared: dict[str, Any] = {
        "month": ahead.month,
        "system_id": ahead.system_id,
        "horizon_months": horizon,
    }
    if ahead.base is None:
        return [shared | {"option": "keep", "missing_reason": ahead.missing_reason}]
    shared |= _split(seen, len(ahead.window)) | {
        "current_quality": round(float(ahead.base.quality), 6),
        "draws": DRAWS,
        "seed": ahead.seed,
    }
    found = list(courses(ahead, versions, reference, horizon))
    valued = [course for course in found if isinstance(course, Course)]
    worth = {course.option: npv(ahead, course, horizon) for course in valued}
    ranked = {one.option: one for one in options.rank(draw(ahead, valued, horizon), worth)}
    first = options.first_action(worth, shared.get("dominant_cause"))
    rows = [
        shared
        | _told(ahead, course, worth[course.option], horizon)
        | {
            "rank": ranked[course.option].rank,
            "probability_best": round(ranked[course.option].probability_best, 6),
            "is_recommended": ranked[course.option].is_recommended,
            "is_first_action": course.option == first,
        }
        for course in valued
    ]
    rows += [
        shared | {"option": one[0], "missing_reason": one[1]}
        for one in found
        if not isinstance(one, Course)
    ]
    return sorted(rows, key=lambda row: (row.get("rank", len(rows) + 1), row["option"]))


def npv(ahead: Outlook, course: Course, horizon: int) -> float:
    """What a course is worth now, over the horizon that all courses share (method §7.1).

    A course that lasts longer or shorter counts by its equivalent monthly value.
    """
    base = ahead.base
    assert base is not None  # noqa: S101  only months with evidence have courses
    quality = [] if course.quality is None else [float(q) for q in course.quality]
    unit, error, volume = (float(x) for x in (base.unit_value, base.error_cost, base.volume))
    values = [volume * (unit * q - error) for q in quality]
    costs = [float(base.cost) + course.cost_change] * len(values)
    own = options.option_npv(ahead.rate, course.one_off, values, costs, course.salvage)
    return own * _over(ahead.rate, course.life, horizon)


def draw(ahead: Outlook, valued: Sequence[Course], horizon: int) -> dict[str, Floats]:
    """The same worth under what could be otherwise: volume, value, cost and each new quality.

    Volume, value and cost are wrong for all courses together; a stated or measured quality is
    wrong by itself. Draws of one course line up with those of another.
    """
    base = ahead.base
    assert base is not None  # noqa: S101
    rng = np.random.default_rng(ahead.seed)
    volume, value, cost, kept = rng.standard_normal((4, DRAWS))
    decided = float(base.volume) * (1 + ahead.volume_error * volume)
    each = 1 + ahead.value_error * value
    running = float(base.cost) * (1 + ahead.cost_error * cost)
    unit, error = float(base.unit_value), float(base.error_cost)
    found = {}
    for course in valued:
        if course.quality is None:
            found[course.option] = np.full(DRAWS, course.salvage - course.one_off)
            continue
        worn = (1 + ahead.rate) ** -np.arange(1, course.life + 1)
        own = course.quality_error
        doubt, z = (
            (ahead.valued_quality(course.life)[1], kept)
            if own is None
            else (own, rng.standard_normal(DRAWS))
        )
        quality = float(worn @ course.quality) + z * float(worn @ doubt)
        span = float(np.sum(worn))
        flows = decided * each * (unit * quality - error * span)
        flows -= (running + course.cost_change) * span
        total = flows - course.one_off + course.salvage * float(worn[-1])
        found[course.option] = total * _over(ahead.rate, course.life, horizon)
    return found


def _over(rate: float, life: int, horizon: int) -> float:
    """From worth over an option's life to worth over the shared horizon."""
    if life == horizon:
        return 1.0
    return equivalent_periodic_value(1.0, rate, life) / equivalent_periodic_value(
        1.0, rate, horizon
    )


def _told(ahead: Outlook, course: Course, worth: float, horizon: int) -> dict[str, Any]:
    """What an option is and what it stands on."""
    base = ahead.base
    assert base is not None  # noqa: S101
    quality = None if course.quality is None else float(course.quality[0])
    recovered = None
    if course.model_version and quality is not None:
        recovered = options.recovered_value(
            float(base.volume),
            quality,
            float(ahead.quality(1)[0][0]),
            float(base.unit_value),
            horizon,
            course.one_off,
        )
    return {
        "option": course.option,
        "model_version": course.model_version or ahead.model_version,
        "npv": cents(worth),
        "equivalent_monthly_value": cents(options.equivalent_monthly(worth, ahead.rate, horizon)),
        "one_off_cost": cents(course.one_off),
        "monthly_cost_change": cents(course.cost_change),
        "salvage_value": cents(course.salvage),
        "expected_quality": None if quality is None else round(quality, 6),
        "recovered_value": None if recovered is None else cents(recovered),
        "life_months": course.life,
        "assumptions": f"{horizon} months at {ahead.hurdle:.2%} a year; "
        f"{float(base.volume):.0f} decisions a month; {course.assumption}",
        "source_document": course.source,
    }


def _split(seen: Sequence[Economy], size: int) -> dict[str, Any]:
    """Why the net value of a month is not what it was a year ago (method §7.2, W24)."""
    evidence = [month for month in seen if month.is_evidence]
    now = evidence[-size:]
    then = evidence[: len(evidence) - YEAR][-size:] or evidence[:size]
    before, after = mean_month(list(then)), mean_month(list(now))
    if before is None or after is None or then == now:
        return {}
    if min(before.unit_value, after.unit_value) <= 0:
        return {}  # the effect of quality cannot be separated (method §5.2b)
    change: Change = split_change(before, after)
    return {
        "dominant_cause": change.dominant if change.total < 0 else None,
        "net_change": cents(change.total),
        "volume_effect": cents(change.volume),
        "quality_effect": cents(change.quality),
        "price_effect": cents(change.price),
        "cost_effect": cents(change.cost),
        "compared_from": then[0].month,
        "compared_to": then[-1].month,
    }
