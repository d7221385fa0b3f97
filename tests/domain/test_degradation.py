import numpy as np
import pytest

from roi_pipeline.domain.decay_fit import (
    Point,
    fit,
    fit_linear,
    forecast_crossing,
)
from roi_pipeline.domain.degradation import (
    Decay,
    break_even_quality,
    cost_rate,
    crossing,
    exponential_decay,
    half_life,
    linear_decay,
    optimal_interval,
)


def points(quality, labelled=None):
    weights = labelled or [9000] * len(quality)
    return [Point(age, q, n) for age, (q, n) in enumerate(zip(quality, weights, strict=True))]


def test_w03_three_laws_from_96_to_88_percent_in_18_months(worked):
    given, expected = worked("W03")["inputs"], worked("W03")["expected"]
    way = (given["q0"], given["q1"], given["months"])
    linear, free = linear_decay(*way), exponential_decay(*way)
    floored = exponential_decay(*way, floor=given["floor"])
    for law in (linear, free, floored):
        assert law.quality(np.array([0.0, 18.0])) == pytest.approx([0.96, 0.88])
    assert 100 * linear.loss == pytest.approx(expected["linear_pp_per_month"], abs=1e-6)
    assert free.loss == pytest.approx(expected["k_floor0"], abs=1e-6)
    assert floored.loss == pytest.approx(expected["k_floor_half"], abs=1e-6)
    assert half_life(free) == pytest.approx(expected["half_life_months_floor0"], abs=1e-5)
    assert half_life(floored) == pytest.approx(expected["half_life_months_floor_half"], abs=1e-5)


def test_w03_where_value_equals_cost(worked):
    given, expected = worked("W03")["inputs"], worked("W03")["expected"]
    unit, wrong = given["gain_per_correct"] + given["cost_per_error"], given["cost_per_error"]
    each = given["operating_cost"] / given["decisions"]
    threshold = break_even_quality(unit, wrong, each)
    assert threshold == pytest.approx(expected["q_where_value_equals_cost"], abs=1e-6)
    for quality, value in ((0.96, "value_at_q0"), (0.88, "value_at_q1")):
        worth = given["decisions"] * (unit * quality - wrong)
        assert worth == pytest.approx(expected[value], abs=1e-6)
    way = (given["q0"], given["q1"], given["months"])
    linear = crossing(linear_decay(*way), threshold).age
    assert linear == pytest.approx(expected["crossing_month_linear"], abs=1e-6)
    floored = crossing(exponential_decay(*way, floor=0.5), threshold).age
    assert floored == pytest.approx(expected["crossing_month_exp_floor_half"], abs=1e-6)


def test_without_decay_there_is_no_crossing():
    for law in (linear_decay(0.88, 0.96, 18), exponential_decay(0.88, 0.96, 18)):
        assert crossing(law, 0.8).reason == "no_decay"
        assert half_life(law) is None
    assert crossing(exponential_decay(0.96, 0.88, 18, floor=0.5), 0.4).reason == "never"
    assert break_even_quality(0.0, 1.0, 1.0) is None


def test_w21_weighted_line_and_its_crossing(worked):
    given, expected = worked("W21")["inputs"], worked("W21")["expected"]
    known = points(given["quality"], given["labelled"])
    found = fit_linear(known)
    assert found.decay.level == pytest.approx(expected["wls_intercept"], abs=1e-6)
    assert -found.decay.loss == pytest.approx(expected["wls_slope"], abs=1e-6)
    age = crossing(found.decay, given["q_threshold"]).age
    assert age == pytest.approx(expected["crossing_month"], abs=1e-4)
    matured, ten = expected["matured_only_first10"], fit_linear(known[:10])
    assert ten.decay.level == pytest.approx(matured["intercept"], abs=1e-6)
    age = crossing(ten.decay, given["q_threshold"]).age
    assert age == pytest.approx(matured["crossing_month"], abs=1e-4)
    assert fit(known).decay.law != "step"


def test_w21_a_step_is_told_from_a_line(worked):
    given, expected = worked("W21")["inputs"], worked("W21")["expected"]
    found = fit(points(given["step_series"])).decay
    assert (found.law, found.at) == ("step", expected["step_index"])
    assert found.floor - found.level == pytest.approx(expected["step_size"], abs=1e-6)


def test_w21_retraining_interval(worked):
    given, expected = worked("W21")["inputs"], worked("W21")["expected"]
    cost, slope = given["retrain_cost"], given["value_slope_per_month2"]
    interval = optimal_interval(cost, slope)
    assert interval == pytest.approx(expected["retrain_interval_months"])
    assert cost_rate(cost, slope, interval) == pytest.approx(expected["retrain_cost_rate"])
    for other in (interval - 1, interval + 1):
        assert cost_rate(cost, slope, other) > expected["retrain_cost_rate"]
    assert optimal_interval(cost, 0.0) is None


def test_a_fall_that_slows_down_is_exponential():
    found = fit(points(list(0.7 + 0.26 * np.exp(-0.2 * np.arange(14.0)))))
    assert found.decay.law == "exponential"
    assert found.decay.floor == pytest.approx(0.7, abs=0.005)
    assert found.decay.loss == pytest.approx(0.2, rel=0.02)


def test_fewer_than_six_months_do_not_choose_and_fewer_than_four_say_nothing(worked):
    steps = worked("W21")["inputs"]["step_series"][4:]
    assert fit(points(steps[:5])).decay.law == "linear"
    assert fit(points(steps[:3])) is None


def test_the_interval_of_a_crossing_holds_it_and_narrows_with_labels():
    quality = [0.96 - 0.004 * k + (0.002 if k % 3 else -0.002) for k in range(12)]
    widths = []
    for labelled in (300, 30000):
        found = forecast_crossing(fit_linear(points(quality, [labelled] * 12)), 0.9, 11, 0.9)
        assert found.low <= found.age
        assert found.high is None or found.age <= found.high
        widths.append((found.high or 99) - found.low)
    assert widths[1] < widths[0]


def test_nothing_is_forecast_beyond_twice_the_observed_span():
    slow = forecast_crossing(fit_linear(points([0.96 - 0.001 * k for k in range(8)])), 0.9, 7, 0.9)
    assert (slow.age, slow.reason) == (None, "beyond_horizon")
    soon = forecast_crossing(fit_linear(points([0.96 - 0.005 * k for k in range(8)])), 0.9, 7, 0.9)
    assert soon.age == pytest.approx(12.0)


def test_intervals_hold_the_true_crossing_nine_times_in_ten():
    rng, held = np.random.default_rng(3), 0
    true = crossing(Decay("linear", 0.96, 0.005), 0.9).age
    for _ in range(300):
        hits = rng.binomial(800, 0.96 - 0.005 * np.arange(10)) / 800
        found = forecast_crossing(fit_linear(points(list(hits), [800] * 10)), 0.9, 9, 0.9)
        held += (found.low or 0) <= true <= (found.high or 99)
    assert 0.87 <= held / 300 <= 0.97
