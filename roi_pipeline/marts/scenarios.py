"""What each system's result depends on, and what it would be under named scenarios (method §5.3).

Said for every month, like the projection. Every row changes something, says to what,
and gives the net of a month, the present value of the horizon and the breakeven that follow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import polars as pl

from roi_pipeline.domain.breakeven import breakeven
from roi_pipeline.domain.degradation import (
    Decay,
    Floats,
    break_even_quality,
    crossing,
    exponential_decay,
    linear_decay,
)
from roi_pipeline.domain.options import option_npv
from roi_pipeline.domain.sensitivity import elasticity, threshold_value, tornado
from roi_pipeline.domain.simulation import PERCENTILES
from roi_pipeline.marts.economics import MONEY, cents
from roi_pipeline.marts.facts import rounded
from roi_pipeline.marts.outlook import NO_WORTH, Outlook
from roi_pipeline.marts.projections import simulate, stances
from roi_pipeline.marts.reading import Read, currency, until_last_month
from roi_pipeline.marts.terms import Terms

SHARE = (0.0, 1.0)
ON_QUALITY = ("quality", "unit_value", "error_cost")  # the parts a value is split into by quality
ANY = (0.0, 1e15)
FALL, MONTHS = 0.08, 18  # the scenario everybody asks for: from 96 % to 88 % in 18 months
TECHNIQUES: Mapping[str, tuple[float, float]] = {  # compute cut, value lost; terms override
    "quantisation": (0.45, 0.02),
    "smaller_model": (0.60, 0.05),
    "batch": (0.50, 0.10),
    "price_fall": (0.20, 0.0),
    "price_rise": (-0.20, 0.0),
}
SENSITIVITY: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    **dict.fromkeys(("analysis", "parameter", "scenario"), pl.String),
    "input": pl.Float64,
    **dict.fromkeys(("net_value", "npv"), MONEY),
    **dict.fromkeys(("breakeven_month", "crossing_in_months", "probability"), pl.Float64),
    "elasticity": pl.Float64,
    **dict.fromkeys(("missing_reason", "assumptions"), pl.String),
    **dict.fromkeys(("draws", "seed"), pl.Int64),
    "currency": pl.String,
}


@dataclass(frozen=True)
class Stand:
    """A system as it stands: its outlook, its flows so far, and how far to look."""

    ahead: Outlook
    nets: tuple[float, ...]  # cash, month by month since the investment
    now: float
    months: int
    draws: int

    @property
    def inputs(self) -> dict[str, float]:
        """The numbers that a month's net is made of."""
        base = self.ahead.base
        assert base is not None  # noqa: S101
        names = ("volume", "quality", "unit_value", "error_cost", "cost")
        return {name: float(getattr(base, name)) for name in names}

    def outcome(self, x: Mapping[str, float], quality: Floats | None = None) -> dict[str, Any]:
        """The month's net, the present value and the breakeven that the inputs lead to."""
        path = self._path(x) if quality is None else quality
        values = [x["volume"] * (x["unit_value"] * q - x["error_cost"]) for q in path]
        costs = [x["cost"]] * self.months
        nets = [v - c - self.ahead.fixed for v, c in zip(values, costs, strict=True)]
        found = breakeven(list(accumulate([*self.nets, *nets]))).sustained
        return {
            "net_value": cents(monthly_net(x) if quality is None else values[-1] - costs[-1]),
            "npv": cents(option_npv(self.ahead.rate, 0.0, values, costs)),
            "breakeven_month": rounded(found),
            "missing_reason": "not_reached" if found is None else None,
        }

    def _path(self, x: Mapping[str, float]) -> Floats:
        """The expected fall from another start."""
        shift = x["quality"] - self.inputs["quality"]
        return np.clip(self._expected + shift, 0.0, 1.0)

    @cached_property
    def _expected(self) -> Floats:
        return self.ahead.valued_quality(self.months)[0]


def monthly_net(x: Mapping[str, float]) -> float:
    """volume * (unit_value * quality - error_cost) - cost, of one month."""
    return x["volume"] * (x["unit_value"] * x["quality"] - x["error_cost"]) - x["cost"]


def sensitivity_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What a system's result of the months depends on, and what it would be under scenarios."""
    terms, money, nets = Terms.read(read), currency(read), _nets(read)
    rows: list[dict[str, Any]] = []
    for stance in stances(read, months):
        ahead = stance.ahead
        shared = {"month": ahead.month, "system_id": ahead.system_id, "currency": money}
        if ahead.base is None:
            none = {"analysis": "none", "parameter": "", "scenario": ""}
            rows.append(shared | none | {"missing_reason": ahead.missing_reason})
            continue
        so_far = tuple(net for month, net in nets[ahead.system_id] if month <= ahead.month)
        stand = Stand(ahead, so_far, stance.now, stance.months, stance.draws)
        found = (_tornado, _thresholds, _elasticities, _degradation, _grid, _monte_carlo)
        for analysis in found:
            stated = (shared | row for row in analysis(stand))
            rows.extend(
                row if ahead.has_worth or not _on_quality(row) else _unvalued(row) for row in stated
            )
        rows.extend(shared | row for row in _what_if(stand, terms))
    return pl.DataFrame(rows, schema=SENSITIVITY)


def _on_quality(row: Mapping[str, Any]) -> bool:
    """Whether a row states an effect of quality, or of what a right decision is worth."""
    if row["analysis"] == "grid":
        return bool(row["input"] > 0)
    return row["parameter"] in ON_QUALITY and row["scenario"] != "as_now"


def _unvalued(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without its numbers, where net value does not rise with quality (method §5.2b)."""
    numbers = ("net_value", "npv", "breakeven_month", "crossing_in_months", "elasticity")
    is_found = row["analysis"] == "threshold"  # its input is what was computed
    empty = dict.fromkeys((*numbers, "input") if is_found else numbers)
    return {**row, **empty, "missing_reason": NO_WORTH}


def _nets(read: Read) -> dict[str, list[tuple[date, float]]]:
    """The cash net of every month, by system."""
    found: dict[str, list[tuple[date, float]]] = {}
    for row in (
        until_last_month(read, "roi_monthly").sort("system_id", "month").iter_rows(named=True)
    ):
        net = float((row["value"] or 0) - row["tco_cash"])
        found.setdefault(row["system_id"], []).append((row["month"], net))
    return found


def _tornado(stand: Stand) -> Iterator[dict[str, Any]]:
    base = stand.inputs
    for bar in tornado(monthly_net, base, {"quality": SHARE}):
        for scenario, value in (("low", bar.low_input), ("high", bar.high_input)):
            yield {
                "analysis": "tornado",
                "parameter": bar.name,
                "scenario": scenario,
                "input": rounded(value),
                "assumptions": "20 % down and up, the others as they are; a share at most 1",
                **stand.outcome({**base, bar.name: value}),
            }


def _thresholds(stand: Stand) -> Iterator[dict[str, Any]]:
    base = stand.inputs
    for name in base:
        found = threshold_value(monthly_net, base, name, SHARE if name == "quality" else ANY)
        yield {
            "analysis": "threshold",
            "parameter": name,
            "scenario": "net_is_zero",
            "input": rounded(found),
            "net_value": None if found is None else cents(0.0),
            "missing_reason": "no_value_of_it_alone" if found is None else None,
        }


def _elasticities(stand: Stand) -> Iterator[dict[str, Any]]:
    base = stand.inputs
    for name, value in base.items():
        found = elasticity(monthly_net, base, name)
        yield {
            "analysis": "elasticity",
            "parameter": name,
            "scenario": "one_per_cent",
            "input": rounded(value),
            "net_value": cents(monthly_net(base)),
            "elasticity": rounded(found),
            "missing_reason": "net_is_zero" if found is None else None,
        }


def _falls(start: float, fall: float) -> dict[str, Decay]:
    """The laws by which quality may lose so much in 18 months (W03)."""
    end = max(start - fall, 0.0)
    return {
        "8_points_in_18_months_linear": linear_decay(start, end, MONTHS),
        "8_points_in_18_months_exponential": exponential_decay(start, end, MONTHS),
        "8_points_in_18_months_to_half": exponential_decay(start, end, MONTHS, min(0.5, end / 2)),
        "8_points_at_once": Decay("step", start, floor=end, at=0.5),
    }


def _degradation(stand: Stand) -> Iterator[dict[str, Any]]:
    base, months = stand.inputs, stand.months
    needed = break_even_quality(
        base["unit_value"], base["error_cost"], base["cost"] / base["volume"]
    )
    ages = np.arange(1, months + 1, dtype=np.float64)
    start = base["quality"]
    paths: dict[str, tuple[Floats, float | None]] = {"as_now": (np.full(months, start), None)}
    paths["as_fitted"] = (stand.ahead.quality(months)[0], None)
    for name, law in _falls(start, FALL).items():
        reached = None if needed is None or needed > start else crossing(law, needed).age
        paths[name] = (law.quality(ages), reached)
    for name, (path, age) in paths.items():
        yield {
            "analysis": "degradation",
            "parameter": "quality",
            "scenario": name,
            "input": rounded(float(path[-1])),
            "crossing_in_months": rounded(age),
            "assumptions": f"from {start:.4f} now; quality of month {months} shown",
            **stand.outcome(base, path),
        }


def _grid(stand: Stand) -> Iterator[dict[str, Any]]:
    base = stand.inputs
    ages = np.arange(1, stand.months + 1, dtype=np.float64)
    for fall in (0.0, FALL / 2, FALL, 2 * FALL):
        law = linear_decay(base["quality"], max(base["quality"] - fall, 0.0), MONTHS)
        for factor in (1.0, 1.25, 1.5):
            dear = {**base, "cost": base["cost"] * factor}
            yield {
                "analysis": "grid",
                "parameter": "quality_fall x cost",
                "scenario": f"{100 * fall:.0f}_points_in_18_months/cost_x{factor}",
                "input": rounded(fall),
                **stand.outcome(dear, law.quality(ages)),
            }


def _what_if(stand: Stand, terms: Terms) -> Iterator[dict[str, Any]]:
    ahead, base = stand.ahead, stand.inputs
    value = base["unit_value"] * base["quality"] - base["error_cost"]
    for name, defaults in TECHNIQUES.items():
        given = [
            terms.in_force(ahead.system_id, ahead.month).get(f"{name}_{what}")
            for what in ("compute_cut", "value_loss")
        ]
        cut, lost = (
            float(term[0]) if term else default
            for term, default in zip(given, defaults, strict=True)
        )
        changed = {
            **base,
            "cost": base["cost"] - ahead.compute * cut,
            "error_cost": base["error_cost"] + value * lost,
        }
        yield {
            "analysis": "what_if",
            "parameter": "compute",
            "scenario": name,
            "input": rounded(cut),
            "assumptions": f"compute of {ahead.compute:.2f} a month cut by {cut:.0%} "
            f"({'term' if given[0] else 'default'}); value lost {lost:.1%} "
            f"({'term' if given[1] else 'default'})",
            **stand.outcome(changed),
        }


def _monte_carlo(stand: Stand) -> Iterator[dict[str, Any]]:
    found = simulate(stand.ahead, stand.now, stand.months, stand.draws)
    shared = {"analysis": "monte_carlo", "draws": stand.draws, "seed": stand.ahead.seed}
    for p in PERCENTILES:
        net = cents(found.net_percentiles[p])
        yield shared | {
            "parameter": "net_value",
            "scenario": f"p{p}",
            "input": rounded(p / 100),
            "net_value": net,
        }
    for k in range(min(6, stand.months), stand.months + 1, 6):
        yield shared | {
            "parameter": "breakeven",
            "scenario": f"within_{k}_months",
            "input": float(k),
            "probability": rounded(found.reached[k - 1]),
        }
    yield shared | {
        "parameter": "incremental_roi",
        "scenario": "below_hurdle",
        "input": rounded(stand.ahead.hurdle),
        "probability": rounded(found.below_hurdle),
    }
