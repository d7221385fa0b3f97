from datetime import date, timedelta
from decimal import Decimal
from math import isnan

import numpy_financial as npf
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from roi_pipeline.domain import cashflow
from roi_pipeline.errors import ConfigurationError


def money(amounts):
    return [Decimal(str(amount)) for amount in amounts]


def near(expected, tolerance=1e-6):
    return pytest.approx(expected, abs=tolerance, rel=1e-12)


amounts = st.decimals(-100_000, 100_000, places=2)
flows = st.lists(amounts, min_size=2, max_size=40)
rates = st.floats(-0.5, 1.0)


def test_w08_hurdle_conversion(worked):
    example = worked("W08")
    annual, expected = example["inputs"]["hurdle_annual"], example["expected"]
    nominal = cashflow.monthly_rate(annual, "nominal")
    assert cashflow.monthly_rate(annual) == near(expected["monthly_effective"])
    assert nominal == near(expected["monthly_nominal"])
    assert cashflow.effective_rate(annual, 12) == near(expected["annual_equivalent_of_nominal"])


@given(st.floats(-0.9, 10))
def test_twelve_months_compound_to_the_year(annual):
    assert (1 + cashflow.monthly_rate(annual)) ** 12 == pytest.approx(1 + annual, rel=1e-9)


@pytest.mark.parametrize(("annual", "convention"), [(0.12, "simple"), (-1.0, "effective")])
def test_a_hurdle_that_means_nothing_is_refused(annual, convention):
    with pytest.raises(ConfigurationError, match="hurdle_"):
        cashflow.monthly_rate(annual, convention)


def test_w09_monthly_discounting(worked):
    expected = worked("W09")["expected"]
    flows = money([-120000] + [7000] * 24)
    effective = cashflow.monthly_rate(0.12)
    found = cashflow.irr(flows)
    assert cashflow.npv(effective, flows) == near(expected["npv_effective"])
    assert cashflow.npv(0.01, flows) == near(expected["npv_nominal"])
    assert found.sign_changes == 1
    assert found.rate == near(expected["irr_monthly"])
    assert (1 + found.rate) ** 12 - 1 == near(expected["irr_annual_effective"])
    assert cashflow.mirr(flows, effective, effective) == near(expected["mirr_monthly"])
    index = cashflow.profitability_index(effective, flows)
    assert index == near(expected["profitability_index"])
    undiscounted = cashflow.roi(sum(flows[1:]), -flows[0])
    assert float(undiscounted) == near(expected["roi_undiscounted_on_capex"])


def test_w10_only_the_incremental_decides(worked):
    example = worked("W10")
    for case in ("A", "B"):
        given_, expected = example["inputs"][case], example["expected"][case]
        cumulative = cashflow.roi(Decimal(given_["cum_value"]), Decimal(given_["cum_cost"]))
        marginal = cashflow.incremental_roi(
            Decimal(given_["window_value"]), Decimal(given_["window_avoidable"])
        )
        assert float(cumulative) == near(expected["cumulative_roi"])
        assert float(marginal) == near(expected["incremental_roi"])


def test_w10b_economic_profit(worked):
    given_, expected = worked("W10b")["inputs"], worked("W10b")["expected"]
    value, avoidable = Decimal(given_["value"]), Decimal(given_["avoidable"])
    rate = cashflow.monthly_rate(given_["hurdle_annual"])
    found = cashflow.economic_profit(value, avoidable, rate, Decimal(given_["releasable_capital"]))
    assert float(found) == near(expected["economic_profit"])
    assert float(cashflow.incremental_roi(value, avoidable)) == near(expected["incremental_roi"])
    assert cashflow.economic_profit(value, avoidable, rate, Decimal(0)) == value - avoidable


def test_w11_equivalent_monthly_value_and_annuity(worked):
    expected = worked("W11")["expected"]
    monthly = cashflow.monthly_rate(0.12)
    for option, npv in expected["npv"].items():
        found = cashflow.equivalent_periodic_value(npv, monthly, 12)
        assert found == near(expected["equivalent_monthly"][option])
    for name, first, yearly, years in [
        ("A_400k_200k_6y_10pct", -400_000, 200_000, 6),
        ("B_200k_300k_2y_10pct", -200_000, 300_000, 2),
    ]:
        npv = cashflow.npv(0.1, money([first] + [yearly] * years))
        found = cashflow.equivalent_periodic_value(npv, 0.1, years)
        assert found == near(expected["eaa_unequal_lives"][name])


def test_o01_tei_table(published):
    oracle = published("O01")
    given_, expected, tolerance = oracle["inputs"], oracle["expected"], oracle["tolerance"]
    costs, benefits = money(given_["costs"]), money(given_["benefits"])
    found = cashflow.present_value_roi(given_["rate"], benefits, costs)
    pv_costs = cashflow.npv(given_["rate"], costs)
    pv_benefits = cashflow.npv(given_["rate"], benefits)
    assert pv_costs == near(expected["pv_costs"], tolerance["money"])
    assert pv_benefits == near(expected["pv_benefits"], tolerance["money"])
    assert pv_benefits - pv_costs == near(expected["npv"], tolerance["money"])
    assert found == near(expected["roi"], tolerance["roi"])


def test_o02_cost_benefit_worksheet(published):
    oracle = published("O02")
    given_, expected, tolerance = oracle["inputs"], oracle["expected"], oracle["tolerance"]
    years = given_["years"]
    costs = money([given_["one_time"]] + [given_["annual_cost"]] * years)
    benefits = money([0] + [given_["annual_benefit"]] * years)
    nets = [b - c for b, c in zip(benefits, costs, strict=True)]
    assert cashflow.npv(given_["rate"], nets) == near(expected["npv"], tolerance["money"])
    found = cashflow.present_value_roi(given_["rate"], benefits, costs)
    assert found == near(expected["roi"], tolerance["roi"])


def test_o20_headline_numbers_of_discounted_totals(published):
    """The tolerance follows the rounding of what was published."""
    given_, expected = published("O20")["inputs"], published("O20")["expected"]
    tolerance = published("O20")["tolerance"]
    benefits, costs = money([given_["benefits_M"]]), money([given_["costs_M"]])
    worth = cashflow.npv(0.1, benefits) - cashflow.npv(0.1, costs)
    assert worth == near(expected["npv_M"], tolerance["money"])
    found = cashflow.present_value_roi(0.1, benefits, costs)
    assert found == near(expected["roi"], tolerance["roi"])


@pytest.mark.parametrize("oracle_id", ["O04", "O11"])
def test_excel_npv_discounts_the_first_flow(published, oracle_id):
    oracle = published(oracle_id)
    cases = zip(oracle["inputs"]["cases"], oracle["expected"]["npv"], strict=True)
    for (rate, flows), expected in cases:
        found = cashflow.npv_excel(rate, money(flows))
        assert found == near(expected, oracle["tolerance"]["money"])


def test_o12_npv(published):
    oracle = published("O12")
    found = cashflow.npv_excel(oracle["inputs"]["rate"], money(oracle["inputs"]["flows"]))
    assert found == near(oracle["expected"]["npv"], oracle["tolerance"]["money"])


def test_o06_mirr(published):
    oracle = published("O06")
    cases = zip(oracle["inputs"]["cases"], oracle["expected"]["mirr"], strict=True)
    for (flows, finance, reinvest), expected in cases:
        found = cashflow.mirr(money(flows), finance, reinvest)
        assert found == near(expected, oracle["tolerance"]["rate"])


def test_o07_dated_npv(published):
    oracle = published("O07")
    days = [date.fromisoformat(day) for day in oracle["inputs"]["dates"]]
    flows = list(zip(days, money(oracle["inputs"]["flows"]), strict=True))
    found = cashflow.xnpv(oracle["inputs"]["rate"], flows)
    assert found == near(oracle["expected"]["xnpv"], oracle["tolerance"]["money"])


def test_o09_effective_and_nominal_rates(published):
    oracle = published("O09")
    for name, convert in [
        ("effect", cashflow.effective_rate),
        ("nominal", cashflow.nominal_rate),
    ]:
        cases = zip(oracle["inputs"][name], oracle["expected"][name], strict=True)
        for (rate, periods), expected in cases:
            assert convert(rate, periods) == near(expected, oracle["tolerance"]["rate"])


def test_o10_npv_and_irr_with_several_roots(published):
    oracle = published("O10")
    rate, flows = oracle["inputs"]["npv"]
    found = cashflow.npv(rate, money(flows))
    assert found == near(oracle["expected"]["npv"], oracle["tolerance"]["money"])
    cases = list(zip(oracle["inputs"]["irr"], oracle["expected"]["irr"], strict=True))
    for flows, expected in cases:
        assert cashflow.irr(money(flows)).rate == near(expected, oracle["tolerance"]["rate"])
    assert cashflow.irr(money(cases[-1][0])).sign_changes == 3


@given(flows, rates)
def test_npv_agrees_with_numpy_financial(flows, rate):
    theirs = float(npf.npv(rate, [float(flow) for flow in flows]))
    scale = sum(abs(value) for value in cashflow.present_values(rate, flows))
    assert cashflow.npv(rate, flows) == pytest.approx(theirs, abs=1e-9 * scale + 1e-9)


@given(flows, rates, rates)
def test_mirr_agrees_with_numpy_financial(flows, finance, reinvest):
    theirs = float(npf.mirr([float(flow) for flow in flows], finance, reinvest))
    ours = cashflow.mirr(flows, finance, reinvest)
    assert (ours is None) == isnan(theirs)
    if ours is not None:
        assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)


@given(
    st.decimals(-100_000, -1000, places=2),
    st.lists(st.decimals(100, 9000, places=2), min_size=6, max_size=36),
)
def test_irr_of_an_investment_agrees_with_numpy_financial(first, later):
    found = cashflow.irr([first, *later])
    assert found.sign_changes == 1
    theirs = float(npf.irr([float(flow) for flow in (first, *later)]))
    assert found.rate == pytest.approx(theirs, abs=1e-7)


@given(st.lists(st.integers(-1000, 1000).map(Decimal), min_size=2, max_size=10))
def test_irr_of_any_flows_is_a_root_and_none_nearer_is_known(flows):
    found = cashflow.irr(flows)
    theirs = float(npf.irr([float(flow) for flow in flows])) if any(flows) else float("nan")
    assert found.sign_changes or found.rate is None
    if found.rate is not None:
        assume(found.rate > -0.999)
        scale = sum(abs(value) for value in cashflow.present_values(found.rate, flows))
        assert abs(cashflow.npv(found.rate, flows)) <= 1e-9 * scale
    if not isnan(theirs) and abs(theirs) < 1e3 and theirs > -0.999:
        assert found.rate is not None
        assert abs(found.rate) <= abs(theirs) + 1e-4  # their double roots are that rough


@given(st.sets(st.integers(-40, 150), min_size=1, max_size=4))
def test_of_several_rates_the_nearest_to_zero_is_found(percents):
    """Flows made to have just these rates: the product of (1 - x(1 + rate)), x = 1/(1 + rate)."""
    flows = [Decimal(1)]
    for percent in percents:
        shifted = [Decimal(0), *(flow * (100 + percent) / 100 for flow in flows)]
        flows = [a - b for a, b in zip([*flows, Decimal(0)], shifted, strict=True)]
    found = cashflow.irr(flows)
    assert found.sign_changes == len(percents)
    assert abs(found.rate) == pytest.approx(min(abs(p) for p in percents) / 100, abs=1e-6)


def test_one_sign_change_always_has_one_rate():
    assert cashflow.irr(money([-100, 0, 0, 0])).rate is None
    assert cashflow.irr(money([0, 0, -100, 110])).rate == pytest.approx(0.1)
    assert cashflow.irr(money([-1, 2, -1])).rate == pytest.approx(0, abs=1e-6)  # touches
    assert cashflow.irr(money([1, -2, 2])) == cashflow.Irr(None, 2)  # two changes, no rate


@given(
    st.floats(-0.5, 3),
    st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 10**6)), min_size=1, max_size=12),
)
def test_dated_rate_is_found_again(rate, later):
    start = date(2025, 3, 31)
    flows = [(start + timedelta(days=d), Decimal(a)) for d, a in later]
    worth = sum(float(a) / (1 + rate) ** ((day - start).days / 365) for day, a in flows)
    flows = [(start, Decimal(repr(-worth))), *flows]
    found = cashflow.xirr(flows)
    assert found.sign_changes == 1
    assert cashflow.xnpv(found.rate, flows) == pytest.approx(0, abs=1e-6 * worth)
    if min(d for d, _ in later) > 30:
        assert found.rate == pytest.approx(rate, abs=1e-6)


def test_small_money_counts_like_large():
    assert cashflow.roi(Decimal("0.75"), Decimal("0.5")) == Decimal("0.5")
    assert cashflow.irr(money([-0.4, 0.5])) == cashflow.Irr(pytest.approx(0.25), 1)
    assert cashflow.mirr(money([-0.4, 0.5]), 0.1, 0.1) == pytest.approx(0.25)
    assert cashflow.present_value_roi(0.1, money([0.75]), money([0.5])) == pytest.approx(0.5)
    assert cashflow.profitability_index(0.25, money([-0.5, 1.25])) == pytest.approx(2)


def test_there_is_no_return_without_cost():
    assert cashflow.roi(Decimal(1), Decimal(0)) is None
    assert cashflow.roi(Decimal(1), Decimal(-1)) is None
    assert cashflow.incremental_roi(Decimal(1), Decimal(0)) is None
    assert cashflow.present_value_roi(0.1, money([5]), money([0])) is None
    assert cashflow.profitability_index(0.1, money([5, 5])) is None
    assert cashflow.mirr(money([5, 5]), 0.1, 0.1) is None
