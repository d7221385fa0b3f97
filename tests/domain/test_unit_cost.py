"""Unit costs and the causes of a change of cost, against the worked example and for any numbers."""

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roi_pipeline.domain.unit_cost import (
    EXACT,
    Used,
    accelerator_cost_per_prediction,
    per,
    split_cost_change,
)

AMOUNTS = st.decimals(-(10**9), 10**9, places=18)
QUANTITIES = st.none() | st.decimals(0, 10**12, places=6)


def test_from_the_price_of_an_hour_to_a_prediction(worked: Callable[[str], Any]) -> None:
    """W05: the average falls with volume, the marginal cost does not."""
    case = worked("W05")
    given_, expected = case["inputs"], case["expected"]
    hour, rate, share = (
        Decimal(str(given_[name]))
        for name in ("price_per_gpu_hour", "throughput_rps", "utilisation")
    )
    each = accelerator_cost_per_prediction(hour, given_["gpus"], rate, share)
    assert hour / each == Decimal(str(expected["predictions_per_gpu_hour"]))
    for volume, average in zip(given_["volumes"], expected["average_per_1000"], strict=True):
        variable, fixed = each * volume, Decimal(given_["fixed_monthly"])
        assert per(variable, volume, 1000) == Decimal(str(expected["variable_per_1000"]))
        assert per(variable + fixed, volume, 1000) == Decimal(str(average))
    assert per(Decimal(20000), 0, 1000) is None, "the cost stays, the unit cost has no meaning"


def test_idle_hours_are_paid_for_and_nothing_served_is_no_price() -> None:
    busy = accelerator_cost_per_prediction(Decimal(3), 1, Decimal(40), Decimal(1))
    half = accelerator_cost_per_prediction(Decimal(3), 1, Decimal(40), Decimal("0.5"))
    assert half == pytest.approx(2 * busy, rel=Decimal("1e-20"))
    with pytest.raises(ValueError, match="no predictions"):
        accelerator_cost_per_prediction(Decimal(3), 1, Decimal(40), Decimal(0))


@given(
    amounts=st.tuples(AMOUNTS, AMOUNTS),
    quantities=st.tuples(QUANTITIES, QUANTITIES),
    predictions=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
)
def test_the_causes_of_a_change_add_up_to_it(
    amounts: tuple[Decimal, Decimal],
    quantities: tuple[Decimal | None, Decimal | None],
    predictions: tuple[int, int],
) -> None:
    before, after = map(Used, amounts, quantities, predictions)
    with localcontext(EXACT):
        assert split_cost_change(before, after).total == after.amount - before.amount


def test_each_cause_alone() -> None:
    base = Used(Decimal(100), Decimal(50), 10)
    dearer = split_cost_change(base, Used(Decimal(150), Decimal(50), 10))
    assert (dearer.price, dearer.volume, dearer.mix, dearer.other) == (50, 0, 0, 0)
    more = split_cost_change(base, Used(Decimal(120), Decimal(60), 12))
    assert (more.price, more.volume, more.mix, more.other) == (0, 20, 0, 0)
    thirstier = split_cost_change(base, Used(Decimal(120), Decimal(60), 10))
    assert (thirstier.price, thirstier.volume, thirstier.mix, thirstier.other) == (0, 0, 20, 0)
    contract = split_cost_change(Used(Decimal(9), None, 10), Used(Decimal(7), None, 99))
    assert (contract.price, contract.volume, contract.mix, contract.other) == (0, 0, 0, -2)
