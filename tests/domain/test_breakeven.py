from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roi_pipeline.domain.breakeven import Breakeven, band, breakeven, discounted_breakeven, payback
from roi_pipeline.domain.cashflow import monthly_rate, roi


def money(amounts):
    return [Decimal(str(amount)) for amount in amounts]


nets = st.lists(st.integers(-1000, 1000).map(Decimal), min_size=1, max_size=40)


def test_w06_cash_and_amortised_views(worked):
    given_, expected = worked("W06")["inputs"], worked("W06")["expected"]
    capex, opex, value = (Decimal(str(given_[k])) for k in ("capex", "opex", "value"))
    margin = value - opex - (capex - Decimal(given_["salvage"])) / given_["life_months"]
    cash = list(accumulate([-capex] + [value - opex] * 36))
    amortised = list(accumulate([Decimal(0)] + [margin] * 36))
    assert breakeven(cash).first == pytest.approx(expected["breakeven_cash_months"], abs=1e-6)
    assert breakeven(amortised).first == expected["breakeven_amortised_months"]
    assert margin == Decimal(str(expected["monthly_amortised_margin"]))
    assert cash[36] == amortised[36] == Decimal(str(expected["cumulative_net_cash_m36"]))
    assert roi(36 * value, capex + 36 * opex) == Decimal(str(expected["roi_m36_both_views"]))
    cash_12 = roi(12 * value, capex + 12 * opex)
    assert float(cash_12) == pytest.approx(expected["roi_m12_cash"], abs=1e-6)


def test_w07_first_sustained_crossings(worked):
    given_, expected = worked("W07")["inputs"], worked("W07")["expected"]
    cumulative = list(accumulate(money(given_["net_by_month"])))
    found = breakeven(cumulative)
    assert cumulative == money(expected["cumulative"])
    assert found.first == pytest.approx(expected["first"], abs=1e-6)
    assert found.sustained == pytest.approx(expected["sustained"], abs=1e-6)
    assert (found.crossings, found.projected) == (2, None)


def test_w07_not_reached(worked):
    example = worked("W07")["expected"]["not_reached_example"]
    found = breakeven(money(example["cum"]))
    assert found.first is example["first"]
    assert found.sustained is None
    assert found.projected == pytest.approx(example["projected_month"], abs=1e-6)


def test_touching_zero_counts():
    assert breakeven(money([-10, 0, 5])) == Breakeven(1.0, 1.0, 1, None)
    assert breakeven(money([-10, 0])) == Breakeven(1.0, 1.0, 1, None)
    undone = breakeven(money([-10, 0, -5, 5]))
    assert (undone.first, undone.sustained, undone.crossings) == (1.0, 2.5, 2)


def test_a_breakeven_needs_an_earlier_deficit():
    assert breakeven(money([0, -100, -50, 50])).first == 2.5
    assert breakeven(money([0, 0, 7])) == Breakeven(0.0, 0.0, 0, None)
    assert breakeven([]) == Breakeven(None, None, 0, None)


def test_a_pace_that_does_not_gain_projects_nothing():
    assert breakeven(money([-100, -90, -95, -100])).projected is None
    assert breakeven(money([-100])).projected is None


def test_only_evidence_months_set_the_pace():
    found = breakeven(money([-100, -70, -40]), evidence_nets=money([1000, 10, 10, 10]))
    assert found.projected == pytest.approx(2 + 40 / 10)


def test_falling_back_into_deficit_undoes_and_projects():
    found = breakeven(money([-10, 10, 20, 30, -5]))
    assert (found.first, found.sustained, found.projected) == (0.5, None, None)


@given(nets)
def test_crossings_lie_where_the_sign_turns(nets):
    cumulative = list(accumulate(nets))
    found = breakeven(cumulative)
    turns = [k for k in range(1, len(nets)) if cumulative[k - 1] < 0 <= cumulative[k]]
    assert found.crossings == len(turns)
    if turns:
        assert turns[0] - 1 < found.first <= turns[0]
    if min(cumulative) < 0:
        assert (found.sustained is None) == (cumulative[-1] < 0)
    if found.projected is not None:
        assert found.projected > len(nets) - 1
        assert found.sustained is None


def test_w09_payback(worked):
    expected = worked("W09")["expected"]
    flows = money([-120000] + [7000] * 24)
    assert payback(flows) == pytest.approx(expected["payback_months"], abs=1e-6)
    discounted = payback(flows, monthly_rate(0.12))
    assert discounted == pytest.approx(expected["discounted_payback_months"], abs=1e-6)


def test_w27_payback_in_years(worked):
    given_, expected = worked("W27")["inputs"], worked("W27")["expected"]
    rows = zip(money(given_["benefits"]), money(given_["costs"]), strict=True)
    adjusted = [b * Decimal("0.85") - c * Decimal("1.1") for b, c in rows]
    assert 12 * payback(adjusted) == pytest.approx(expected["payback_months"], abs=1e-5)


def test_o01_payback_within_half_a_year(published):
    expected = published("O01")["expected"]
    assert 12 * payback(money(expected["net_by_year"])) < expected["payback_months_lt"]


def test_o02_discounted_breakeven(published):
    oracle = published("O02")
    given_ = oracle["inputs"]
    yearly = given_["annual_benefit"] - given_["annual_cost"]
    flows = money([-given_["one_time"]] + [yearly] * given_["years"])
    found = discounted_breakeven(given_["rate"], flows)
    years = pytest.approx(oracle["expected"]["breakeven_years"], abs=oracle["tolerance"]["years"])
    assert found.first == found.sustained == years


def test_o14_discounted_payback_is_linear_within_the_period(published):
    oracle = published("O14")
    found = payback(money(oracle["inputs"]["flows"]), oracle["inputs"]["rate"])
    expected = oracle["expected"]
    assert found == pytest.approx(expected["linear_within_year"], abs=oracle["tolerance"]["years"])
    assert abs(found - expected["closed_form_continuous"]) > oracle["tolerance"]["years"]


@pytest.mark.parametrize(
    ("months", "expected"),
    [(8.99, "early"), (9, "expected"), (24, "expected"), (24.01, "late"), (None, None)],
)
def test_band(months, expected):
    assert band(months) == expected
