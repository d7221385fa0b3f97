"""Where each system, and all of them together, are heading if nothing is changed: the cumulative
net as a fan (method §5.3).

Every month has the forecast that can be made from what is known of it and the months before; the
newest is drawn most often, because people act on it. What a closed month forecast stays with it.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.simulation import (
    DRAWS,
    PERCENTILES,
    Expected,
    Fan,
    Worlds,
    positive_definite,
    spread,
    together,
    worlds,
)
from roi_pipeline.marts.economics import MONEY, Economy, cents, read_economies
from roi_pipeline.marts.facts import rounded
from roi_pipeline.marts.outlook import (
    RECENT,
    Outlook,
    Versions,
    correlation,
    look_ahead,
    read_versions,
)
from roi_pipeline.marts.reading import Read, currency, kept, last_month, until_last_month
from roi_pipeline.marts.terms import Terms

PORTFOLIO, UNALLOCATED = "portfolio", "unallocated"
HORIZON = 24  # months; term projection_months
EARLIER_DRAWS = 10_000  # for months before the newest
FANS_KEPT = 2_000
_FANS: dict[tuple[object, ...], Fan] = {}
Rest = dict[tuple[str, date], tuple[float, float]]  # net so far and of the month
PROJECTION: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "horizon_month": pl.Date,
    **{f"cumulative_net_p{p}": MONEY for p in PERCENTILES},
    "cumulative_net_mean": MONEY,
    **dict.fromkeys(("probability_breakeven", "probability_recovered"), pl.Float64),
    **dict.fromkeys(("expected_quality", "quality_low", "quality_high"), pl.Float64),
    "missing_reason": pl.String,
    **dict.fromkeys(("draws", "seed"), pl.Int64),
    "currency": pl.String,
}


@dataclass(frozen=True)
class Stance:
    """A system at the end of a month: its outlook, its net so far, how far to look, how often."""

    ahead: Outlook
    seen: tuple[Economy, ...]
    months: int
    draws: int

    @property
    def now(self) -> float:
        """Value less everything paid since the investment."""
        return float(self.seen[-1].cumulative_net or 0)  # of a system with a forecast it is known


@dataclass(frozen=True)
class Whole:
    """How systems make the portfolio: how they move together, how far to look, and what is in the
    total besides them, so far and a month."""

    correlation: list[list[float]]
    months: int
    now: float
    drift: float
    seed: int


def projection_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """Where the cumulative net is heading from each of the months if nothing is changed."""
    money = currency(read)
    by_month: dict[date, list[Stance]] = {}
    for stance in stances(read, months):
        by_month.setdefault(stance.ahead.month, []).append(stance)
    rest, rows = _rest(read), list[dict[str, Any]]()
    for month, here in by_month.items():
        whole = _whole(here, rest)
        fans = _fans(read, here, whole)
        rows.extend(row | {"currency": money} for row in _month(month, here, whole, fans))
    return pl.DataFrame(rows, schema=PROJECTION)


def _whole(here: Sequence[Stance], rest: Rest) -> Whole | None:
    """How the systems of a month make the portfolio; None where one of them has no forecast: a
    total of some would look like a total."""
    if any(stance.ahead.base is None for stance in here):
        return None
    month = here[0].ahead.month
    seed = int.from_bytes(sha256(f"{PORTFOLIO}/{month}".encode()).digest()[:4])
    others = _others(rest, month, {stance.ahead.system_id for stance in here})
    horizon = min(stance.months for stance in here)
    return Whole(moved_together([stance.seen for stance in here]), horizon, *others, seed)


def _fans(read: Read, here: Sequence[Stance], whole: Whole | None) -> list[Fan]:
    """The fan of every system of a month that has a base, then that of the portfolio.

    A run keeps them: an earlier month is drawn again only where something in it changed.
    """
    based = [stance for stance in here if stance.ahead.base is not None]
    if not based:
        return []
    keys = [_key_of(stance) for stance in based]
    inputs = sha256(repr((keys, whole)).encode()).hexdigest()
    document = kept(read, here[0].ahead.month, inputs, lambda: _document(_drawn(based, whole)))
    fans = [_fan(one) for one in document["fans"]]
    if len(_FANS) >= FANS_KEPT:
        _FANS.clear()
    _FANS.update(zip(keys, fans, strict=False))  # for what else is computed from the same stances
    return fans


def _drawn(based: Sequence[Stance], whole: Whole | None) -> list[Fan]:
    """The fans of a month, drawn; the worlds of one system at a time are in memory."""
    fans: list[Fan] = []

    def drawn() -> Iterator[Worlds]:
        for stance in based:
            found = simulated(stance)
            fans.append(spread(found))
            yield found

    if whole is None:
        deque(drawn(), maxlen=0)
        return fans
    total = together(drawn(), whole.correlation, whole.months, whole.now, whole.drift, whole.seed)
    return [*fans, spread(total)]


def _document(fans: Sequence[Fan]) -> dict[str, Any]:
    return {"fans": [vars(fan) for fan in fans]}


def _fan(document: Mapping[str, Any]) -> Fan:
    """The fan that a document holds; JSON makes text of a percentile's number."""
    named = ("percentiles", "net_percentiles")
    return Fan(**{**document, **{name: _by_percentile(document[name]) for name in named}})


def _by_percentile(values: Mapping[str, Any]) -> dict[int, Any]:
    return {int(percentile): value for percentile, value in values.items()}


def _month(
    month: date, here: Sequence[Stance], whole: Whole | None, fans: Sequence[Fan]
) -> Iterator[dict[str, Any]]:
    """The rows of a month."""
    left = iter(fans)
    for stance in here:
        yield from _system(stance, None if stance.ahead.base is None else next(left))
    shared: dict[str, Any] = {"month": month, "system_id": PORTFOLIO}
    if whole is None:
        yield shared | _none(month, "system_without_forecast")
        return
    shared |= {"draws": here[0].draws, "seed": whole.seed}
    yield from (shared | row for row in _rows(month, next(left)))


def stances(read: Read, months: Sequence[date]) -> Iterator[Stance]:
    """Every system in those of the months it was live in, by what is known of the months to it."""
    terms, versions, last = Terms.read(read), read_versions(read), last_month(read)
    for system_id, economies in read_economies(read).items():
        for k, now in enumerate(economies):
            if now.month not in months:
                continue
            seen = economies[: k + 1]
            known = versions_until(versions.get(system_id, {}), now.month)
            ahead = look_ahead(system_id, seen, known, terms)
            horizon = int(terms.number(system_id, now.month, "projection_months", HORIZON))
            draws = DRAWS if now.month == last else EARLIER_DRAWS
            yield Stance(ahead, tuple(seen), horizon, draws)


def versions_until(versions: Versions, month: date) -> Versions:
    """The labelled rows that a month can know of."""
    return {
        version: known
        for version, rows in versions.items()
        if (known := [row for row in rows if row.month <= month])
    }


def simulated(stance: Stance) -> Worlds:
    """The worlds of a stance that has a base."""
    ahead = stance.ahead
    expected = _expected(ahead, stance.months)
    return worlds(expected, stance.now, ahead.hurdle, ahead.seed, stance.draws)


def simulate(ahead: Outlook, now: float, months: int, draws: int = DRAWS) -> Fan:
    """The fan of an outlook that has a base; the same one is drawn once in a process."""
    expected = _expected(ahead, months)
    key = _key(expected, now, ahead.hurdle, ahead.seed, draws)
    return _FANS.get(key) or spread(worlds(expected, now, ahead.hurdle, ahead.seed, draws))


def _key_of(stance: Stance) -> tuple[object, ...]:
    """All that the fan of a stance with a base depends on."""
    ahead = stance.ahead
    expected = _expected(ahead, stance.months)
    return _key(expected, stance.now, ahead.hurdle, ahead.seed, stance.draws)


def _key(expected: Expected, *more: float) -> tuple[object, ...]:
    """All that a fan depends on."""
    values = vars(expected).values()
    return (*(v.tobytes() if isinstance(v, np.ndarray) else v for v in values), *more)


def _expected(ahead: Outlook, months: int) -> Expected:
    base = ahead.base
    assert base is not None  # noqa: S101
    quality, error = ahead.valued_quality(months)
    return Expected(
        float(base.volume),
        float(base.unit_value),
        float(base.error_cost),
        float(base.cost),
        ahead.fixed,
        quality,
        error,
        ahead.volume_error,
        ahead.value_error,
        ahead.cost_error,
        ahead.month_error,
        ahead.freedom,
        ahead.correlation,
    )


def _system(stance: Stance, found: Fan | None) -> Iterator[dict[str, Any]]:
    ahead = stance.ahead
    shared = {"month": ahead.month, "system_id": ahead.system_id}
    if found is None:
        yield shared | _none(ahead.month, ahead.missing_reason)
        return
    quality, error = ahead.quality(stance.months)
    for k, row in enumerate(_rows(ahead.month, found)):
        yield (
            shared
            | row
            | {
                "expected_quality": rounded(float(quality[k])),
                "quality_low": rounded(max(float(quality[k] - 1.645 * error[k]), 0.0)),
                "quality_high": rounded(min(float(quality[k] + 1.645 * error[k]), 1.0)),
                "draws": stance.draws,
                "seed": ahead.seed,
            }
        )


def moved_together(systems: Sequence[Sequence[Economy]]) -> list[list[float]]:
    """How the monthly nets of systems depend on each other, from the evidence months they share."""
    nets = [
        {one.month: float(one.value - one.avoidable) for one in seen[-RECENT:] if one.is_evidence}
        for seen in systems
    ]
    found = np.eye(len(nets))
    for i, one in enumerate(nets):
        for j, other in enumerate(nets[:i]):
            months = sorted(one.keys() & other.keys())
            found[i, j] = correlation([one[m] for m in months], [other[m] for m in months])
            found[j, i] = found[i, j]
    return positive_definite(found.tolist())


def _rest(read: Read) -> Rest:
    """Net so far and net of the month, of every system and of unallocated cost."""
    return {
        (row["system_id"], row["month"]): (
            float(row["cumulative_net_cash"] or 0),
            float((row["value"] or 0) - row["tco_cash"]),
        )
        for row in until_last_month(read, "roi_monthly").iter_rows(named=True)
    }


def _others(rest: Rest, month: date, live: set[str]) -> tuple[float, float]:
    """What is in the total besides the systems in service: so far, and nobody's cost a month."""
    so_far = sum(
        net
        for (name, at), (net, _) in rest.items()
        if at == month and name not in live and name != PORTFOLIO
    )
    recent = [rest.get((UNALLOCATED, add_months(month, -back))) for back in range(3)]
    known = [one[1] for one in recent if one is not None]
    return so_far, sum(known) / len(known) if known else 0.0


def _none(month: date, reason: str | None) -> dict[str, Any]:
    return {"horizon_month": add_months(month, 1), "missing_reason": reason}


def _rows(month: date, found: Fan) -> Iterator[dict[str, Any]]:
    for k in range(len(found.mean)):
        yield {
            "horizon_month": add_months(month, k + 1),
            **{f"cumulative_net_p{p}": cents(found.percentiles[p][k]) for p in PERCENTILES},
            "cumulative_net_mean": cents(found.mean[k]),
            "probability_breakeven": rounded(found.reached[k]),
            "probability_recovered": rounded(found.standing[k]),
        }
