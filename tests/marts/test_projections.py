"""Fans and probabilities against portfolios whose truth is known."""

import json
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.simulation import Expected, fan, spread, together, worlds
from roi_pipeline.marts.economics import ECONOMICS, Economy
from roi_pipeline.marts.outlook import VersionMonth, look_ahead
from roi_pipeline.marts.projections import projection_monthly, simulate, versions_until
from roi_pipeline.marts.reading import Document
from roi_pipeline.marts.terms import Terms

FIRST, SEEN, AHEAD = date(2025, 1, 1), 14, 12


class Company:
    """One system whose volume, quality and cost follow a known law, with known noise."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        months = SEEN + AHEAD
        level, self.unit, self.wrong = rng.uniform(2000, 6000), rng.uniform(5, 20), 4.0
        start, loss = rng.uniform(0.93, 0.98), rng.uniform(0, 0.004)
        self.decisions = np.maximum(rng.normal(level, 0.05 * level, months), 100).astype(int)
        self.right = rng.binomial(self.decisions, start - loss * np.arange(months))
        self.value = self.unit * self.right - self.wrong * self.decisions
        cost = 0.8 * level * (self.unit * start - self.wrong)
        self.cost = rng.normal(cost, 0.04 * cost, months)
        self.cumulative = np.cumsum(self.value - self.cost) - rng.uniform(2, 8) * cost

    def months(self) -> list[Economy]:
        """What the books of the months seen say."""
        return [
            Economy(
                month=add_months(FIRST, k),
                model_version="v1",
                decisions=int(self.decisions[k]),
                right_decisions=int(self.right[k]),
                value=Decimal(str(self.value[k])),
                avoidable=Decimal(str(self.cost[k])),
                compute=Decimal(0),
                fixed=Decimal(0),
                cumulative_net=Decimal(str(self.cumulative[k])),
                unit_value=self.unit,
                value_variance=self._variance(k),
                price_error=0.0,
                is_evidence=True,
                missing_reason=None,
            )
            for k in range(SEEN)
        ]

    def _variance(self, k: int) -> float:
        """Of the month's total, as the pipeline computes it from the values of single decisions."""
        n, right = int(self.decisions[k]), int(self.right[k])
        squares = right * (self.unit - self.wrong) ** 2 + (n - right) * self.wrong**2
        return float((squares - self.value[k] ** 2 / n) * n / (n - 1))

    def versions(self) -> dict[str, list[VersionMonth]]:
        """The labelled rows of the one version."""
        rows = zip(self.decisions[:SEEN], self.right[:SEEN], strict=True)
        return {
            "v1": [
                VersionMonth(add_months(FIRST, k), int(n), int(right), int(n), int(right))
                for k, (n, right) in enumerate(rows)
            ]
        }


def expected(**changes: object) -> Expected:
    months = np.arange(1.0, 25.0)
    given = {
        "volume": 4000.0,
        "unit_value": 10.0,
        "error_cost": 4.0,
        "avoidable": 20000.0,
        "fixed": 500.0,
        "quality": 0.96 - 0.002 * months,
        "quality_error": 0.001 * months,
        "volume_error": 0.05,
        "value_error": 0.02,
        "cost_error": 0.03,
        "month_error": 900.0,
        "freedom": 10.0,
        "correlation": 0.3,
    }
    return Expected(**(given | changes))


def test_the_same_seed_gives_the_same_fan_and_another_seed_another():
    found = [fan(expected(), -5000.0, 0.12, seed, 2000) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_without_uncertainty_the_fan_is_one_line():
    sure = dict.fromkeys(("volume_error", "value_error", "cost_error", "month_error"), 0.0)
    found = fan(expected(**sure, quality_error=np.zeros(24)), -5000.0, 0.12, 1, 500)
    worth = 4000.0 * (10.0 * expected().quality - 4.0) - 20500.0
    line = -5000.0 + np.cumsum(worth)
    for p in found.percentiles.values():
        assert p == pytest.approx(list(line))
    assert found.reached == [float(max(line[: k + 1]) >= 0) for k in range(24)]


def test_what_was_reached_stays_reached():
    found = fan(expected(avoidable=24000.0), -3000.0, 0.12, 1, 5000)
    assert all(a <= b for a, b in zip(found.reached, found.reached[1:], strict=False))
    assert all(s <= r for s, r in zip(found.standing, found.reached, strict=True))
    assert 0 < found.below_hurdle < 1


def test_a_hundred_thousand_draws_take_less_than_two_seconds():
    began = time.process_time()
    fan(expected(), -5000.0, 0.12, 1)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(("dependence", "width"), [(0.0, 2**0.5), (0.5, 3**0.5), (-0.5, 1.0)])
def test_a_portfolio_is_as_wide_as_its_systems_depend_on_each_other(dependence, width):
    """Two like systems: sqrt(2 + 2 rho) times as wide as one, never the sum of percentiles."""
    parts = [worlds(expected(freedom=200.0), -5000.0, 0.12, seed, 40_000) for seed in (1, 2)]
    correlation = [[1.0, dependence], [dependence, 1.0]]
    found = spread(together(parts, correlation, 24, -100.0, -10.0, 3))
    alone = [spread(part) for part in parts]
    means = [sum(one.mean[k] for one in alone) - 100 - 10 * (k + 1) for k in range(24)]
    assert found.mean == pytest.approx(means)
    spans = [one.percentiles[95][-1] - one.percentiles[5][-1] for one in (found, alone[0])]
    assert spans[0] / spans[1] == pytest.approx(width, rel=0.03)


def test_every_open_month_says_where_it_was_heading_with_nothing_it_could_not_know():
    """An outlook from an earlier month is the one that month had when it was the newest."""
    company = Company(3)
    months, versions = company.months(), company.versions()
    then = look_ahead("s", months[:9], versions_until(versions, months[8].month), Terms(()))
    again = Company(3)
    again.right[9:] = 0  # what came later was a disaster
    later = look_ahead(
        "s", again.months()[:9], versions_until(again.versions(), then.month), Terms(())
    )
    assert simulate(then, 0.0, AHEAD, 500) == simulate(later, 0.0, AHEAD, 500)


class Books:
    """What a projection of two systems reads, and a place for what was drawn, as text."""

    def __init__(self, *companies: Company) -> None:
        named = dict(zip(("a", "b"), companies, strict=True))
        months = [
            {"system_id": name} | vars(month)
            for name, company in named.items()
            for month in company.months()
        ]
        versions = [
            {"system_id": name, "model_version": version} | vars(row)
            for name, company in named.items()
            for version, rows in company.versions().items()
            for row in rows
        ]
        economics = pl.DataFrame(months, schema=ECONOMICS)
        self.frames = {
            "economics_monthly": economics,
            "degradation_monthly": pl.DataFrame(versions),
            "roi_monthly": economics.select(
                *("system_id", "month", "value"),
                cumulative_net_cash="cumulative_net",
                tco_cash="avoidable",
            ),
            "run_month": economics.select("month").unique(),
            "setting": pl.DataFrame({"reporting_currency": ["USD"]}),
            "terms": pl.DataFrame(
                schema=dict.fromkeys(
                    ("system_id", "term", "value", "valid_from", "version"), pl.String
                )
            ),
        }
        self.drawn: dict[tuple[date, str], str] = {}

    def __call__(self, name: str) -> pl.DataFrame:
        """A table it reads."""
        return self.frames[name]

    def kept(self, month: date, inputs: str, compute: Callable[[], Document]) -> Document:
        """What was drawn."""
        if (month, inputs) not in self.drawn:
            self.drawn[month, inputs] = json.dumps(compute())
        found: Document = json.loads(self.drawn[month, inputs])
        return found


def test_an_earlier_month_is_drawn_again_only_where_something_in_it_changed():
    months = [add_months(FIRST, k) for k in range(SEEN)]
    books, changed = Books(Company(3), Company(4)), Company(4)
    projection_monthly(books, months)
    before = {*books.drawn}
    assert {month for month, _ in before} == {*months}
    changed.cost[SEEN - 2] += 1.0
    later = Books(Company(3), changed)
    anew = projection_monthly(later.__call__, months)
    assert not later.drawn
    later.drawn = dict(books.drawn)
    assert projection_monthly(later, months).equals(anew)
    assert sorted(month for month, _ in later.drawn.keys() - before) == months[-2:]


@pytest.mark.slow
def test_fans_and_probabilities_of_500_portfolios_come_true_as_often_as_they_say():
    held, said, came = [], [], []
    for seed in range(500):
        company = Company(seed)
        ahead = look_ahead("s", company.months(), company.versions(), Terms(()))
        found = simulate(ahead, float(company.cumulative[SEEN - 1]), AHEAD, draws=1500)
        truth = company.cumulative[SEEN:]
        low, high = found.percentiles[5], found.percentiles[95]
        held.append([a <= t <= b for a, t, b in zip(low, truth, high, strict=True)])
        said.append(found.standing[-1])
        came.append(truth[-1] >= 0)
    assert 0.88 <= np.mean(held) <= 0.92
    assert 0.88 <= np.mean([one[-1] for one in held]) <= 0.92
    assert 0.2 < np.mean(came) < 0.8
    assert np.mean(said) == pytest.approx(np.mean(came), abs=0.03)
