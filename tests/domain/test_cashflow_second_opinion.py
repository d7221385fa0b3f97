"""NPV, IRR, MIRR, XNPV and XIRR against pyxirr, an independent library, on 1,000 random flows."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
import pyxirr

from roi_pipeline.domain import cashflow

FLOWS = 1000


def drawn(seed: int) -> tuple[list[date], list[Decimal], float, float]:
    """An investment, then two to forty flows of either sign on later days, and two rates."""
    chance = random.Random(seed)
    count, losses = chance.randint(2, 40), chance.choice([0.0, 0.0, 0.2, 0.5])
    flows = [Decimal(-chance.randint(10_000, 9_000_000)) / 100]
    days = [date(2024, 1, 1) + timedelta(days=chance.randint(0, 365))]
    for k in range(count):
        sign = -1 if k and chance.random() < losses else 1
        flows.append(sign * Decimal(chance.randint(1, 500_000)) / 100)
        days.append(days[-1] + timedelta(days=chance.randint(1, 45)))
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
    """With one sign change the rate is the same; with several, ours is a root and none nearer to 0
    is known to the other library."""
    compared = 0
    for days, flows, _, _ in cases:
        plain = [float(flow) for flow in flows]
        dated = list(zip(days, flows, strict=True))
        for found, theirs in (
            (cashflow.irr(flows), pyxirr.irr(plain)),
            (cashflow.xirr(dated), pyxirr.xirr(days, plain)),
        ):
            if theirs is None or not -0.9999 < theirs < 1e4:
                continue
            compared += 1
            assert found.rate is not None
            if found.sign_changes == 1:
                assert found.rate == pytest.approx(theirs, rel=1e-6, abs=1e-6)
            else:
                assert abs(found.rate) <= abs(theirs) + 1e-6
    assert compared > 1.6 * FLOWS  # the others have no rate, or one that nobody could earn
