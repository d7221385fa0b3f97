import numpy as np
import pytest

from roi_pipeline.domain.cashflow import monthly_rate
from roi_pipeline.domain.options import (
    equivalent_monthly,
    first_action,
    option_npv,
    rank,
    recovered_value,
)


def w11(worked):
    given = worked("W11")["inputs"]
    rate, months = monthly_rate(given["hurdle_annual"]), range(1, given["horizon"] + 1)

    def course(upfront, start, loss, cost, salvage=0.0):
        values = [start - loss * k for k in months]
        return option_npv(rate, upfront, values, [cost] * len(values), salvage)

    return rate, {
        "keep": course(0, 30000, 1200, 24000),
        "retrain": course(40000, 44000, 1200, 24000),
        "rollback_vX": course(5000, 36000, 600, 24000),
        "replace": course(220000, 48000, 300, 16000, 110000),
        "decommission": option_npv(rate, 10000, [], [], 15000),
    }


def test_w11_options_over_one_horizon(worked):
    rate, found = w11(worked)
    expected = worked("W11")["expected"]
    assert found == pytest.approx(expected["npv"], abs=1e-4)
    ranked = rank({name: np.array([worth]) for name, worth in found.items()}, found)
    assert [one.option for one in ranked] == expected["ranking"]
    recovered = found["rollback_vX"] - found["keep"]
    assert recovered == pytest.approx(expected["rollback_recovered_value_vs_keep"], abs=1e-4)
    for name, worth in found.items():
        level = equivalent_monthly(worth, rate, 12)
        assert level == pytest.approx(expected["equivalent_monthly"][name], abs=1e-4)


def test_w23_recovered_value(worked):
    given, expected = worked("W23")["inputs"], worked("W23")["expected"]
    found = {
        version: recovered_value(
            given["decisions"],
            quality,
            given["q_current"],
            given["gain"] + given["cost"],
            given["horizon"],
            given["rollback_cost"],
        )
        for version, quality in given["versions"].items()
    }
    assert found == pytest.approx(expected["recovered"])
    worth = {"keep": 0.0, "retrain": 100000.0}
    worth |= {f"rollback/{version}": value for version, value in found.items()}
    assert first_action(worth, "quality") == "rollback/v7"
    only = {"keep": 0.0, "retrain": 100000.0, "rollback/v5": found["v5"]}
    assert first_action(only, "quality") == "retrain"


def test_the_cause_decides_what_comes_first_unless_it_is_not_worth_it():
    worth = {"keep": -9.0, "retrain": 5.0, "replace": 8.0, "renegotiate": 2.0, "decommission": -4.0}
    assert first_action(worth, "quality") == "retrain"
    assert first_action(worth, "cost") == "renegotiate"
    assert first_action(worth, "price") == first_action(worth, None) == "replace"
    assert first_action({**worth, "renegotiate": -6.0}, "cost") == "replace"


def test_a_narrow_lead_recommends_both():
    rng = np.random.default_rng(1)
    shared = rng.normal(size=5000)
    near = {"keep": shared, "retrain": shared * 0.5 + rng.normal(size=5000)}
    assert [one.is_recommended for one in rank(near, {"keep": 0.1, "retrain": 0.0})] == [True, True]
    far = {"keep": shared + 9, "retrain": shared}
    assert [one.is_recommended for one in rank(far, {"keep": 9.0, "retrain": 0.0})] == [True, False]
