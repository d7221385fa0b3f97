"""The status machine against a model of what it promises, over any sequence of months a year can
bring: good, bad, negative, held, stopped by a person, with and without decisions (method §6)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.status import Decision, Evidence, Policy, State, Status, run, step

START = date(2026, 1, 1)
# What a month shows: bounds of the incremental ROI against a hurdle of 12 % and a margin of 2 %.
BOUNDS = {
    "good": (0.2, 0.4),
    "between": (0.05, 0.13),
    "bad": (-0.1, 0.05),
    "negative": (-0.4, -0.1),
}
GAPS = {"immature": {"maturity": 0.5}, "low_coverage": {"coverage": 0.1}, "few": {"n": 1}}


class StatusMachine(RuleBasedStateMachine):
    """Adds months and decisions, and asks after each what must be true of the whole history."""

    @initialize(
        grace=st.integers(0, 3),
        bad=st.integers(2, 3),
        good=st.integers(2, 3),
        probation=st.integers(0, 3),
    )
    def sign(self, grace: int, bad: int, good: int, probation: int) -> None:
        """The terms of the contract."""
        self.policy = Policy(
            grace_months=grace,
            bad_months=bad,
            good_months=good,
            negative_months=bad,
            probation_months=probation,
        )
        self.months: list[Evidence] = []
        self.kinds: list[str] = []
        self.decisions: list[Decision] = []
        self.history: list[Status] = []
        self.state = State()

    @rule(
        kind=st.sampled_from([*BOUNDS, *GAPS]), stopped=st.integers(0, 15), net=st.integers(-5, 5)
    )
    def month(self, kind: str, stopped: int, net: int) -> None:
        """A month goes by; one in sixteen is stopped by a person."""
        low, high = BOUNDS.get(kind, BOUNDS["negative"])
        known = Evidence(
            *(add_months(START, len(self.months)), Decimal(net), low, high),
            **{"maturity": 1.0, "coverage": 1.0, "n": 500} | GAPS.get(kind, {}),
            hard_stop=stopped == 0,
        )
        self.months.append(known)
        self.kinds.append(kind)
        self.state, shown = step(self.state, known, self.policy, self.decisions)
        self.history.append(shown)

    @rule(kind=st.sampled_from(["continue", "continue", "retrain", "rollback", "decommission"]))
    def decide(self, kind: str) -> None:
        """A person decides in the month that comes next."""
        self.decisions.append(Decision(add_months(START, len(self.months)), kind))

    def last(self, end: int, wanted: set[str], count: int) -> bool:
        """Whether the last `count` months of evidence before `end` were all of some kinds."""
        evident = [kind for kind in self.kinds[:end] if kind not in GAPS]
        recent = evident[-count:]
        return len(recent) == count and set(recent) <= wanted

    @invariant()
    def nothing_flips_on_one_month(self) -> None:
        """Every change of the operating state stands on months of evidence in a row."""
        for k, shown in enumerate(self.history):
            before = self.history[k - 1].operating if k else "healthy"
            if shown.operating == before or shown.rule_id == "hard_stop":
                continue
            kinds, count = {
                "marginal": ({"bad", "negative"}, self.policy.bad_months),
                "negative": ({"negative"}, self.policy.negative_months),
                "healthy": ({"good"}, self.policy.good_months),
            }[shown.operating]
            assert shown.streak >= count >= 2
            assert self.last(k + 1, kinds, count)

    @invariant()
    def held_months_move_nothing(self) -> None:
        """A month without evidence keeps both states, unless a person stops the system."""
        for k, (kind, shown) in enumerate(zip(self.kinds, self.history, strict=True)):
            if kind in GAPS:
                before = self.history[k - 1] if k else Status(*_BLANK)
                assert shown.held_reason
                assert shown.investment == before.investment
                assert shown.operating == before.operating or shown.rule_id == "hard_stop"

    @invariant()
    def negative_is_left_by_decision_only(self) -> None:
        """Between the month that opened the review and the one that closes it, the last recorded
        decision was to continue."""
        opened: date | None = None
        for shown in self.history:
            if shown.operating == "negative":
                opened = shown.month if opened is None or shown.rule_id == "hard_stop" else opened
            elif opened is not None:
                made = [d for d in self.decisions if opened < d.month <= shown.month]
                assert made
                assert made[-1].kind == "continue"
                opened = None

    @invariant()
    def any_prefix_replays(self) -> None:
        """The history is what one pass gives, from the start or from any recorded state."""
        assert run(self.months, self.policy, self.decisions) == self.history
        cut = len(self.months) // 2
        if cut:
            tail = run(self.months[cut:], self.policy, self.decisions, self.history[cut - 1].state)
            assert self.history[:cut] + tail == self.history
            assert run(self.months[:cut], self.policy, self.decisions) == self.history[:cut]


_BLANK = (START, "pre_breakeven", "unrecovered", "healthy", None, "unchanged", "")
StatusMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestStatusMachine = StatusMachine.TestCase


def test_of_two_decisions_in_one_month_the_later_stands() -> None:
    bad, good = BOUNDS["negative"], BOUNDS["good"]
    months = [
        Evidence(add_months(START, k), Decimal(1), *(bad if k < 2 else good), 1.0, 1.0, 500)
        for k in range(5)
    ]
    month = add_months(START, 3)
    made = [Decision(month, "decommission"), Decision(month, "continue")]
    assert run(months, Policy(), made)[-1].operating == "healthy"
    assert run(months, Policy(), made[::-1])[-1].operating == "negative"


def test_a_hard_stop_asks_for_a_decision_of_its_own() -> None:
    """A `continue` given before the stop does not outlive it."""
    bad, good = BOUNDS["negative"], BOUNDS["good"]
    months = [
        Evidence(add_months(START, k), Decimal(1), *(bad if k < 2 else good), 1.0, 1.0, 500)
        for k in range(6)
    ]
    months[3] = replace(months[3], roi_low=None, roi_high=None, hard_stop=True)
    before = [Decision(add_months(START, 2), "continue")]
    assert run(months, Policy(), before)[-1].operating == "negative"
    after = [*before, Decision(add_months(START, 5), "continue")]
    assert run(months, Policy(), after)[-1].operating == "healthy"


def test_quiet_changes_have_a_rule() -> None:
    months = [
        Evidence(add_months(START, k), Decimal(k - 1), *BOUNDS[kind], 1.0, 1.0, 500)
        for k, kind in enumerate(["bad", "bad", "good", "good", "good", "good"])
    ]
    found = run(months, Policy(grace_months=0, probation_months=2))
    assert [status.rule_id for status in found] == [
        *("unchanged", "healthy_to_marginal", "unchanged", "marginal_to_healthy"),
        *("unchanged", "probation_over"),
    ]
    assert found[1].streak == 2
    paid = run([replace(months[2], cumulative_low=Decimal(1))], Policy())[0]
    assert (paid.rule_id, paid.streak) == ("unrecovered_to_recovered", 1)
