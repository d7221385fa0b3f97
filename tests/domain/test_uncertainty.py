import random
from decimal import Decimal
from math import sqrt
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roi_pipeline.domain.uncertainty import (
    Arm,
    Estimate,
    ab_incremental,
    horvitz_thompson,
    roi_interval_delta,
    roi_interval_fieller,
    roi_standard_error,
    se_of_total,
    wilson,
)
from roi_pipeline.errors import DataRefused


def near(expected, tolerance=1e-6):
    return pytest.approx(expected, abs=tolerance, rel=1e-9)


def pair(interval):
    return [interval.low, interval.high]


@pytest.fixture(scope="module")
def w15(worked, oracles):
    """Inputs, expected, and n, sum and sum of squares of the 25,000 values."""
    lines = (oracles / "w15_values.csv").read_text().split()[1:]
    values = [Decimal(line) for line in lines]
    moments = len(values), sum(values), sum(value * value for value in values)
    return worked("W15")["inputs"], worked("W15")["expected"], moments


def test_w15_wilson(w15):
    given_, expected, _ = w15
    assert pair(wilson(given_["recall_hits"], given_["frauds"])) == near(expected["wilson_recall"])
    assert pair(wilson(0, 50)) == near(expected["wilson_0_of_50"])
    assert wilson(0, 0) is None


def test_w15_total(w15):
    _, expected, (n, total, squares) = w15
    error = se_of_total(n, total, squares)
    assert float(total) == near(expected["total"])
    assert error == near(expected["se_total"])
    assert pair(Estimate(float(total), error).interval()) == near(expected["ci95_total"])


def test_w15_roi(w15):
    given_, expected, (n, total, squares) = w15
    cost, error = Decimal(str(given_["cost"])), se_of_total(n, total, squares)
    known = roi_interval_delta(total, error, cost)
    assert pair(known) == near(expected["roi_ci_cost_known"])
    uncertain = roi_standard_error(total, error, cost, given_["se_cost"])
    assert uncertain == near(expected["roi_se_cost_uncertain"])
    fieller = roi_interval_fieller(total, error, cost, given_["se_cost"])
    assert pair(fieller) == near(expected["roi_fieller"])


def test_w15_ab(w15):
    ab, expected, _ = w15[0]["ab"], w15[1], None
    found = ab_incremental(
        Arm(ab["mean_t"], ab["sd_t"], ab["n_t"]),
        Arm(ab["mean_c"], ab["sd_c"], ab["n_c"]),
        ab["acted"],
    )
    assert found.total == near(expected["ab_incremental"])
    assert found.standard_error == near(expected["ab_se"])


def test_w14_randomised_release(worked):
    given_, expected = worked("W14")["inputs"], worked("W14")["expected"]
    n, pi = given_["released_fraud"], given_["release_probability"]
    count = horvitz_thompson([(Decimal(1), pi)] * n)
    amount = horvitz_thompson([(Decimal(str(given_["amount_each"])), pi)] * n)
    assert count.total == near(expected["estimated_true_positives"])
    assert count.standard_error == near(expected["se_count"])
    assert pair(count.interval()) == near(expected["ci95_count"], 1e-5)  # its z has 6 decimals
    assert count.total / given_["blocked"] == near(expected["estimated_precision"])
    assert amount.total == near(expected["prevented_amount"])
    assert amount.standard_error == near(expected["se_amount"])


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.1])
def test_a_propensity_must_be_logged(propensity):
    with pytest.raises(DataRefused, match="propensity"):
        horvitz_thompson([(Decimal(1), propensity)])


@given(st.lists(st.decimals(-1000, 1000, places=2), min_size=2, max_size=50), st.integers(0, 9))
def test_error_of_a_total_from_its_moments(values, shift):
    moved = [value + 10**shift for value in values]  # far from 0, where squares cancel
    found = se_of_total(len(moved), sum(moved), sum(v * v for v in moved))
    assert found == pytest.approx(stdev(map(float, values)) * sqrt(len(values)), rel=1e-9, abs=1e-9)


def test_one_value_has_no_error():
    assert se_of_total(1, Decimal(5), Decimal(25)) is None


@given(st.integers(1, 10**6), st.data())
def test_wilson_lies_within_0_and_1_and_holds_the_rate(n, data):
    hits = data.draw(st.integers(0, n))
    found = wilson(hits, n)
    assert 0 <= found.low <= hits / n <= found.high <= 1


def test_fieller_covers_the_true_ratio_at_its_level():
    """2,000 draws with a fixed seed: 95 % give or take three standard errors."""
    draw = random.Random(11)
    hits = 0
    for _ in range(2000):
        value, cost = Decimal(draw.gauss(150, 20)), Decimal(draw.gauss(100, 15))
        found = roi_interval_fieller(value, 20, cost, 15)
        hits += found.low <= 0.5 <= found.high
    assert hits / 2000 == pytest.approx(0.95, abs=0.0146)


def test_value_that_moves_with_cost_is_less_uncertain():
    """V = 2C exactly: the return is known however uncertain both are."""
    error = roi_standard_error(Decimal(200), 20.0, Decimal(100), 10.0, covariance=200.0)
    assert error == pytest.approx(0, abs=1e-6)
    apart = roi_standard_error(Decimal(200), 20.0, Decimal(100), 10.0, covariance=100.0)
    assert apart == pytest.approx(0.2)


def test_one_observation_and_small_money_count():
    assert wilson(1, 1).high == 1
    assert roi_interval_fieller(Decimal("0.75"), 0.0, Decimal("0.5"), 0.0).low == 0.5
    assert roi_interval_delta(Decimal("0.75"), 0.0, Decimal("0.5")).low == 0.5


def test_no_interval_without_a_cost_it_can_be_told_from_zero():
    assert roi_interval_fieller(Decimal(5), 1, Decimal(100), 51.1) is None  # z*sC/C just above 1
    assert roi_interval_fieller(Decimal(5), 1, Decimal(100), 51.0) is not None
    assert roi_interval_fieller(Decimal(5), 1, Decimal(0), 0) is None
    assert roi_interval_delta(Decimal(5), 1, Decimal(0)) is None
    assert ab_incremental(Arm(1, 1, 0), Arm(1, 1, 5), 10) is None


def test_fieller_with_a_known_cost_is_the_delta_method():
    args = Decimal(150), 20.0, Decimal(100)
    assert pair(roi_interval_fieller(*args, 0.0)) == near(pair(roi_interval_delta(*args)))
