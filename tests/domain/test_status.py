import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.status import Decision, Evidence, Policy, State, run, step

START = date(2026, 1, 1)


def nth(number):
    return add_months(START, number - 1)


def evidence(number=1, low=0.5, high=0.6, **changes):
    usual = Evidence(nth(number), Decimal(-1), low, high, maturity=1.0, coverage=0.9, n=500)
    return replace(usual, **changes)


def w22(worked, decisions=()):
    given_ = worked("W22")["inputs"]
    terms = given_["policy"]
    policy = Policy(
        hurdle=terms["hurdle"],
        recover_margin=terms["recover_margin"],
        bad_months=terms["need_bad"],
        good_months=terms["need_good"],
        negative_months=terms["need_negative"],
        grace_months=terms["grace_months"],
        probation_months=terms["probation"],
        min_maturity=terms["min_maturity"],
        min_coverage=terms["min_coverage"],
    )
    months = [
        evidence(k, low, high, cumulative_low=Decimal(net), maturity=maturity, coverage=coverage)
        for k, net, low, high, maturity, coverage in given_["months"]
    ]
    return run(months, policy, decisions)


def as_oracle(statuses):
    """The oracle writes `held: low coverage` and refers to an example in its action."""
    rows = []
    for number, status in enumerate(statuses, 1):
        held = f"held: {status.held_reason.replace('_', ' ')}" if status.held_reason else ""
        action = status.action.replace("rank options", "rank options (W11)")
        rows.append([number, status.label, held, action])
    return rows


def test_w22_without_a_human_decision(worked):
    assert as_oracle(w22(worked)) == worked("W22")["expected"]["without_human_decision"]


def test_w22_with_continue_in_month_16(worked):
    found = as_oracle(w22(worked, [Decision(nth(16), "continue")]))
    assert found == worked("W22")["expected"]["with_continue_decision_in_month_16"]


def test_w22_names_the_rules(worked):
    rules = {k: status.rule_id for k, status in enumerate(w22(worked), 1)}
    assert rules[9] == "healthy_to_marginal"
    assert rules[10] == rules[11] == "held"
    assert rules[13] == "marginal_to_healthy"
    assert rules[15] == "healthy_to_negative"
    assert rules[18] == "awaiting_decision"


@pytest.mark.parametrize("kind", ["retrain", "rollback", "replace", "decommission"])
def test_only_continue_ends_a_review(worked, kind):
    assert w22(worked, [Decision(nth(16), kind)])[-1].label == "decommission_review"


@pytest.mark.parametrize("number", [1, 14, 15])
def test_a_decision_before_the_review_opened_does_not_end_it(worked, number):
    assert w22(worked, [Decision(nth(number), "continue")])[-1].label == "decommission_review"


def test_the_last_decision_stands(worked):
    decisions = [Decision(nth(17), "decommission"), Decision(nth(16), "continue")]
    assert w22(worked, decisions)[-1].label == "decommission_review"


def test_a_decision_may_come_after_the_good_months(worked):
    later = [evidence(k, 0.3, 0.4) for k in range(1, 8)]
    bad = [replace(later[k], roi_low=-0.5, roi_high=-0.4) for k in (0, 1)]
    found = run(bad + later[2:], Policy(), [Decision(nth(6), "continue")])
    assert [s.operating for s in found] == ["healthy"] + ["negative"] * 4 + ["healthy"] * 2


def test_w10_boundaries(worked):
    """A: not yet paid back but worth running. B: paid back, and no longer worth running."""
    example = worked("W10")
    policy = Policy(hurdle=example["inputs"]["hurdle"])
    for case, net, label, operating in [
        ("A", -160000, "pre_breakeven", "healthy"),
        ("B", 1200000, "decommission_review", "negative"),
    ]:
        roi = example["expected"][case]["incremental_roi"]
        months = [evidence(k, roi, roi, cumulative_low=Decimal(net)) for k in range(1, 8)]
        last = run(months, policy)[-1]
        assert (last.label, last.operating) == (label, operating)


def test_w10_nothing_to_avoid():
    def last(value):
        months = [evidence(k, None, None, window_value=value) for k in range(1, 4)]
        return run(months, Policy())[-1]

    assert last(Decimal(0)).operating == "healthy"
    assert last(Decimal(-1)).operating == "negative"
    assert last(None).held_reason == "no_metric"


@pytest.mark.parametrize(("value", "expected"), [("0", (0, 1, 0)), ("-0.01", (1, 0, 1))])
def test_nothing_to_avoid_counts_by_the_sign_of_value(value, expected):
    month = evidence(1, None, None, window_value=Decimal(value))
    state, _ = step(State(), month, Policy(grace_months=0))
    assert (state.bad, state.good, state.negative) == expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"maturity": 0.89}, "immature"),
        ({"maturity": None}, "immature"),
        ({"coverage": 0.79}, "low_coverage"),
        ({"coverage": None}, "low_coverage"),
        ({"n": 29}, "too_few_predictions"),
        ({"maturity": 0.9, "coverage": 0.8, "n": 30}, None),
    ],
)
def test_evidence_gate(change, reason):
    assert run([evidence(**change)], Policy())[0].held_reason == reason


def test_four_months_without_evidence_are_stale():
    months = [evidence(1)] + [evidence(k, maturity=0.1) for k in range(2, 8)] + [evidence(8)]
    reasons = [status.held_reason for status in run(months, Policy())]
    assert reasons == [None] + ["immature"] * 3 + ["evidence_stale"] * 3 + [None]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-1.0, 0.1199, (1, 0, 0)),
        (-1.0, 0.12, (0, 0, 0)),
        (0.1399, 0.2, (0, 0, 0)),
        (0.14, 0.2, (0, 1, 0)),
        (-1.0, 0.0, (1, 0, 0)),
        (-1.0, -0.0001, (1, 0, 1)),
    ],
)
def test_where_bad_good_and_negative_begin(low, high, expected):
    state, _ = step(State(), evidence(1, low, high), Policy(grace_months=0))
    assert (state.bad, state.good, state.negative) == expected


def test_half_an_interval_is_no_metric():
    for low, high in [(0.5, None), (None, 0.5)]:
        assert run([evidence(1, low, high)], Policy())[0].held_reason == "no_metric"


@pytest.mark.parametrize(
    ("net", "investment"), [("-0.01", "unrecovered"), ("0", "recovered"), ("0.5", "recovered")]
)
def test_an_investment_is_recovered_at_zero_and_stays_so(net, investment):
    months = [evidence(1, cumulative_low=Decimal(net)), evidence(2), evidence(3)]
    assert {s.investment for s in run(months, Policy())} == {investment}


def test_an_unknown_cumulative_recovers_nothing():
    assert run([evidence(cumulative_low=None)], Policy())[0].investment == "unrecovered"


def test_grace_delays_marginal():
    months = [evidence(k, 0.0, 0.05) for k in range(1, 9)]
    found = [s.operating for s in run(months, Policy())]
    assert found == ["healthy"] * 5 + ["marginal"] * 3


def test_probation_is_counted_in_evidence_months():
    bad = [evidence(k, 0.0, 0.05) for k in (1, 2)]
    good = [evidence(k, cumulative_low=Decimal(5)) for k in range(3, 8)]
    good[2] = replace(good[2], maturity=0.2)
    found = [s.label for s in run(bad + good, Policy(grace_months=0))]
    assert found[2:] == ["marginal_deterioration"] + ["recovered"] * 3 + ["positive"]


def test_a_hard_stop_needs_no_evidence():
    found = run([evidence(1), evidence(2, maturity=0.0, hard_stop=True)], Policy())[-1]
    assert (found.operating, found.rule_id) == ("negative", "hard_stop")


def test_terms_may_change_between_months():
    def terms(month):
        return Policy(grace_months=0, hurdle=0.12 if month < nth(3) else 0.9)

    found = [s.operating for s in run([evidence(k) for k in range(1, 5)], terms)]
    assert found == ["healthy"] * 3 + ["marginal"]


def test_a_month_left_out_is_an_error():
    with pytest.raises(ValueError, match="not the month after"):
        run([evidence(1), evidence(3)], Policy())


# --- properties -----------------------------------------------------------------------------------

metrics = st.tuples(st.floats(-1, 1), st.floats(0, 0.5)).map(lambda t: (t[0], t[0] + t[1]))
cases = st.lists(
    st.builds(
        lambda metric, net, maturity, coverage, n, stop: (
            *metric,
            {
                "cumulative_low": Decimal(net),
                "maturity": maturity,
                "coverage": coverage,
                "n": n,
                "hard_stop": stop,
            },
        ),
        metrics,
        st.integers(-100, 100),
        st.sampled_from([1.0, 1.0, 1.0, 0.95, 0.5, None]),
        st.sampled_from([0.9, 0.9, 0.9, 0.5, None]),
        st.sampled_from([500, 500, 500, 3]),
        st.integers(0, 19).map(lambda n: n == 0),
    ),
    min_size=1,
    max_size=36,
)
decided = st.lists(
    st.builds(
        Decision,
        st.integers(1, 36).map(nth),
        st.sampled_from(["continue", "continue", "retrain", "decommission"]),
    ),
    max_size=6,
)
policies = st.builds(Policy, grace_months=st.integers(0, 6), probation_months=st.integers(0, 3))


def months_of(drawn):
    return [evidence(k, low, high, **rest) for k, (low, high, rest) in enumerate(drawn, 1)]


@given(cases, policies, decided)
def test_held_months_never_change_the_state(drawn, policy, decisions):
    state = State()
    for month in months_of(drawn):
        after, status = step(state, month, policy, decisions)
        if status.held_reason and not month.hard_stop:
            bookkeeping = {"months": after.months, "held": after.held}
            assert after == replace(state, **bookkeeping)
        state = after


@given(cases, policies, decided)
def test_a_held_month_might_as_well_not_have_been(drawn, policy, decisions):
    """Without grace, dropping the metrics of held months changes nothing anywhere."""
    policy = replace(policy, grace_months=0)
    months = months_of(drawn)
    found = run(months, policy, decisions)
    blanked = [
        replace(m, roi_low=None, roi_high=None, cumulative_low=None) if s.held_reason else m
        for m, s in zip(months, found, strict=True)
    ]
    assert run(blanked, policy, decisions) == found


@given(cases, policies)
def test_one_bad_month_never_flips(drawn, policy):
    """Every second month of evidence is good, so no two bad ones follow each other."""
    months = [replace(m, hard_stop=False) for m in months_of(drawn)]
    held = [status.held_reason for status in run(months, policy)]
    evident = [k for k, reason in enumerate(held) if not reason]
    for k in evident[::2]:
        months[k] = replace(months[k], roi_low=0.2, roi_high=0.3)
    assert {status.operating for status in run(months, policy)} == {"healthy"}


@given(cases, policies, decided)
def test_negative_is_never_left_without_a_recorded_decision(drawn, policy, decisions):
    found = run(months_of(drawn), policy, decisions)
    opened = None
    for before, after in itertools.pairwise(found):
        if before.operating == "negative":
            opened = opened or before.month
            if after.operating != "negative":
                assert any(
                    d.kind == "continue" and opened < d.month <= after.month for d in decisions
                )
                opened = None
    undecided = [s.operating for s in run(months_of(drawn), policy)]
    if "negative" in undecided:
        assert set(undecided[undecided.index("negative") :]) == {"negative"}


@given(cases, policies, decided, st.integers(1, 36))
def test_what_was_said_of_a_month_does_not_depend_on_later_ones(drawn, policy, decisions, cut):
    months = months_of(drawn)
    known = [d for d in decisions if d.month <= nth(cut)]
    assert run(months[:cut], policy, known) == run(months, policy, decisions)[:cut]


@given(cases, policies, decided)
def test_the_label_follows_from_the_two_axes(drawn, policy, decisions):
    for status in run(months_of(drawn), policy, decisions):
        expected = {"negative": {"decommission_review"}, "marginal": {"marginal_deterioration"}}
        healthy = {"recovered", "positive" if status.investment == "recovered" else "pre_breakeven"}
        assert status.label in expected.get(status.operating, healthy)
