"""NPV, IRR, MIRR, XNPV and XIRR against pyxirr, an independent library, on 1,000 random flows."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
import pyxirr

from roi_pipeline.domain import cashflow

FLOWS = 1000


def drawn(seed: int) -> tuple[list[date], list[Decimal], float, float]:
    """An investment, then two to forty flows on later days that bring back 0.6 to 3 times of it,
    and two rates. In a fifth of the cases some of the flows are losses, so that the sign changes
    more than once and several rates, or none, make the worth 0."""
    chance = random.Random(seed)
    count, losses = chance.randint(2, 40), 0.25 if seed % 5 == 4 else 0.0
    paid = chance.randint(10_000, 9_000_000)
    parts = [chance.uniform(0.2, 1.0) for _ in range(count)]
    each = paid * chance.uniform(0.6, 3.0) / sum(parts)
    flows, days = (
        [Decimal(-paid) / 100],
        [date(2024, 1, 1) + timedelta(days=chance.randint(0, 365))],
    )
    for k, part in enumerate(parts):
        sign = -1 if k and chance.random() < losses else 1
        flows.append(sign * Decimal(max(round(part * each), 1)) / 100)
        days.append(days[-1] + timedelta(days=chance.randint(15, 45)))
    return days, flows, chance.uniform(-0.3, 0.5), chance.uniform(-0.05, 0.3)


@pytest.fixture(scope="module")
def cases() -> list[tuple[list[date], list[Decimal], float, float]]:
    return [drawn(seed) for seed in range(FLOWS)]


def near(ours: float, theirs: float | None, scale: float = 1.0) -> None:
    assert theirs is not None
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9 * scale)


def test_present_values_of_monthly_and_dated_flows(cases):
    for days, flows, rate, _ in cases:
        plain = [float(flow) for flow in flows]
        scale = sum(abs(worth) for worth in cashflow.present_values(rate, flows))
        near(cashflow.npv(rate, flows), pyxirr.npv(rate, plain, start_from_zero=True), scale)
        near(cashflow.npv_excel(rate, flows), pyxirr.npv(rate, plain, start_from_zero=False), scale)
        dated = list(zip(days, flows, strict=True))
        near(cashflow.xnpv(rate, dated), pyxirr.xnpv(rate, days, plain), scale)


def test_modified_rates(cases):
    for _, flows, finance, reinvest in cases:
        found = cashflow.mirr(flows, finance, reinvest)
        theirs = pyxirr.mirr([float(flow) for flow in flows], finance, reinvest)
        assert found is not None
        near(found, theirs)


@pytest.mark.slow
def test_internal_rates(cases):
    """With one sign change there is one rate, and both find it, whatever the flows. With several,
    ours makes the worth 0 and none nearer to 0 is known to the other library; only of those may
    either have no rate, and they are few."""
    skipped = []
    for seed, (days, flows, _, _) in enumerate(cases):
        plain = [float(flow) for flow in flows]
        dated = list(zip(days, flows, strict=True))
        years = [(day - days[0]).days / 365 for day in days]
        for found, theirs, times in (
            (cashflow.irr(flows), pyxirr.irr(plain), range(len(flows))),
            (cashflow.xirr(dated), pyxirr.xirr(days, plain), years),
        ):
            if found.sign_changes == 1:
                assert found.rate == pytest.approx(theirs, rel=1e-6, abs=1e-6), seed
            elif found.rate is None or theirs is None:
                skipped.append(seed)
            else:
                worth = [f / (1 + found.rate) ** t for f, t in zip(plain, times, strict=True)]
                assert abs(sum(worth)) < 1e-6 * sum(map(abs, worth)), seed
                assert abs(found.rate) <= abs(theirs) + 1e-6, seed
    assert {seed % 5 for seed in skipped} <= {4}
    assert len(skipped) < 0.05 * 2 * FLOWS
