"""Is a system worth running: a state machine over months of evidence (method §6, W22).

Two axes, investment and operating, fold into one label a month. Pure: knows bounds of the evidence,
the terms in force and the recorded human decisions; not how they were measured, and no clock.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import inf
from typing import Literal

from roi_pipeline.domain.calendar import add_months

Label = Literal[
    "pre_breakeven", "positive", "recovered", "marginal_deterioration", "decommission_review"
]
Operating = Literal["healthy", "marginal", "negative"]
Investment = Literal["unrecovered", "recovered"]

ACTIONS: dict[Label, str] = {
    "pre_breakeven": "keep (watch)",
    "positive": "keep",
    "recovered": "keep (probation)",
    "marginal_deterioration": "maintain-or-replace: rank options",
    "decommission_review": "open decommission review",
}
MEASURE = "measure what it is compared with: a baseline, a holdout or a release"


@dataclass(frozen=True, slots=True)
class Policy:
    """The terms of the contract that rule a status; defaults of method §6."""

    hurdle: float = 0.12
    recover_margin: float = 0.02
    bad_months: int = 2
    good_months: int = 2
    negative_months: int = 2
    grace_months: int = 4
    probation_months: int = 2
    stale_months: int = 4
    min_maturity: float = 0.9
    min_coverage: float = 0.8
    min_predictions: int = 30


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one month, with 95 % bounds of the metrics over the evidence window.

    `roi_low/high`: incremental ROI; both None when nothing is avoidable: `window_value` decides.
    `n`: decisions whose outcome is linked and matured. `hard_stop`: declared by a person, needs
    no evidence. `is_measured`: the value is measured against a baseline, holdout or release.
    """

    month: date
    cumulative_low: Decimal | None  # lower bound of the cumulative cash net
    roi_low: float | None
    roi_high: float | None
    maturity: float | None
    coverage: float | None
    n: int
    window_value: Decimal | None = None
    hard_stop: bool = False
    is_measured: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """A recorded human decision; only `continue` ends a decommission review."""

    month: date
    kind: str


@dataclass(frozen=True, slots=True)
class State:
    """Everything the next month depends on."""

    investment: Investment = "unrecovered"
    operating: Operating = "healthy"
    negative_since: date | None = None
    months: int = 0  # in operation, held ones included
    held: int = 0  # in a row
    bad: int = 0  # evidence months in a row below the hurdle, after grace
    good: int = 0  # above hurdle and margin
    negative: int = 0  # below 0
    probation: int = 0  # evidence months left


@dataclass(frozen=True, slots=True)
class Status:
    """The status of one month and the rule that made it so.

    `streak`: how many months of evidence in a row fulfil the rule; 0 where it needs none. `state`:
    what the next month starts from.
    """

    month: date
    label: Label
    investment: Investment
    operating: Operating
    held_reason: str | None
    rule_id: str
    action: str
    streak: int = 0
    state: State = State()


def run(
    evidence: Iterable[Evidence],
    policy: Policy | Callable[[date], Policy],
    decisions: Sequence[Decision] = (),
    state: State = State(),
) -> list[Status]:
    """The status of every month from the first in operation, in order, none left out.

    `policy`: the terms, or the terms in force in a month. `state`: what the month before the first
    left, to go on from a recorded history. A month's status depends on nothing later. ValueError
    when a month is missing: one without evidence is held, not left out.

    >>> bad = [Evidence(date(2026, m, 1), Decimal(5), 0.0, 0.1, 1.0, 1.0, 900) for m in (5, 6, 7)]
    >>> [status.label for status in run(bad, Policy(grace_months=0))]
    ['positive', 'marginal_deterioration', 'marginal_deterioration']
    """
    terms = policy if callable(policy) else lambda month: policy
    statuses = list[Status]()
    for month in evidence:
        if statuses and month.month != add_months(statuses[-1].month, 1):
            raise ValueError(f"{month.month} is not the month after {statuses[-1].month}")
        state, status = step(state, month, terms(month.month), decisions)
        statuses.append(status)
    return statuses


def step(
    state: State, evidence: Evidence, policy: Policy, decisions: Sequence[Decision] = ()
) -> tuple[State, Status]:
    """One month: the state it leaves and the status it shows.

    A month short of evidence is HELD: neither state nor streaks move. Only a declared hard stop
    acts at once, evidence or not.
    """
    reason = held_reason(state, evidence, policy)
    seen = replace(state, months=state.months + 1)
    if reason:
        after, rule = replace(seen, held=state.held + 1), "held"
    else:
        after, rule = _move(_count(seen, evidence, policy), evidence.month, policy, decisions)
    if evidence.hard_stop:
        after, rule = _enter_review(after, evidence.month), "hard_stop"
    if rule == "unchanged":
        rule = _quiet_change(state, after)
    label = _label(after)
    action = (
        MEASURE if reason == "no_baseline" and after.operating != "negative" else ACTIONS[label]
    )
    shown = Status(
        *(evidence.month, label, after.investment, after.operating, reason, rule, action),
        streak=_streak(rule, after),
        state=after,
    )
    return after, shown


def _quiet_change(before: State, after: State) -> str:
    """The rule of a month whose operating state stays: the investment came back, or the probation
    is over."""
    if before.investment != after.investment:
        return "unrecovered_to_recovered"
    return "probation_over" if before.probation and not after.probation else "unchanged"


def _streak(rule: str, after: State) -> int:
    """How many months of evidence in a row stand behind a rule."""
    if rule == "unrecovered_to_recovered":
        return 1
    of = {
        "healthy_to_marginal": after.bad,
        "healthy_to_negative": after.negative,
        "marginal_to_negative": after.negative,
        "marginal_to_healthy": after.good,
        "negative_to_healthy": after.good,
        "awaiting_decision": after.good,
    }
    return of.get(rule, 0)


def held_reason(state: State, evidence: Evidence, policy: Policy) -> str | None:
    """Why a month is not evidence, or None when it is (method §6, evidence gate)."""
    if not evidence.is_measured:
        return "no_baseline"  # time brings none
    faults = {
        "immature": (evidence.maturity or 0.0) < policy.min_maturity,
        "low_coverage": (evidence.coverage or 0.0) < policy.min_coverage,
        "too_few_predictions": evidence.n < policy.min_predictions,
        "no_metric": _metric(evidence) is None,
    }
    reason = next((fault for fault, present in faults.items() if present), None)
    if reason and state.held + 1 >= policy.stale_months:
        return "evidence_stale"
    return reason


def _metric(evidence: Evidence) -> tuple[float, float] | None:
    """Bounds of the incremental ROI. With nothing to avoid it has no value, but a sign (W10)."""
    if evidence.roi_low is not None and evidence.roi_high is not None:
        return evidence.roi_low, evidence.roi_high
    if evidence.window_value is None:
        return None
    return (inf, inf) if evidence.window_value >= 0 else (-inf, -inf)


def _count(state: State, evidence: Evidence, policy: Policy) -> State:
    """The streaks and the investment axis after a month of evidence."""
    low, high = _metric(evidence) or (inf, inf)
    is_bad = high < policy.hurdle and state.months > policy.grace_months
    is_paid = evidence.cumulative_low is not None and evidence.cumulative_low >= 0
    return replace(
        state,
        investment="recovered" if is_paid else state.investment,
        held=0,
        bad=state.bad + 1 if is_bad else 0,
        good=state.good + 1 if low >= policy.hurdle + policy.recover_margin else 0,
        negative=state.negative + 1 if high < 0 else 0,
        probation=max(state.probation - 1, 0),
    )


def _move(
    state: State, month: date, policy: Policy, decisions: Sequence[Decision]
) -> tuple[State, str]:
    """The transitions of method §6, in the order of their weight."""
    is_good = state.good >= policy.good_months
    healthy = replace(
        state, operating="healthy", negative_since=None, probation=policy.probation_months
    )
    if state.operating == "negative":
        if not is_good:
            return state, "unchanged"
        if not _may_continue(state, month, decisions):
            return state, "awaiting_decision"
        return healthy, "negative_to_healthy"
    if state.negative >= policy.negative_months:
        return _enter_review(state, month), f"{state.operating}_to_negative"
    if state.operating == "healthy" and state.bad >= policy.bad_months:
        return replace(state, operating="marginal", probation=0), "healthy_to_marginal"
    if state.operating == "marginal" and is_good:
        return healthy, "marginal_to_healthy"
    return state, "unchanged"


def _enter_review(state: State, month: date) -> State:
    return replace(state, operating="negative", negative_since=month, probation=0)


def _may_continue(state: State, month: date, decisions: Sequence[Decision]) -> bool:
    """Whether the last decision since the review opened, and not of the month that opened it, is to
    continue: nobody decides on a review before it is open. Of one month the last given stands."""
    since = state.negative_since or date.min
    made = [d for d in decisions if since < d.month <= month]
    last = max(enumerate(made), key=lambda each: (each[1].month, each[0]), default=None)
    return last is not None and last[1].kind == "continue"


def _label(state: State) -> Label:
    if state.operating == "negative":
        return "decommission_review"
    if state.operating == "marginal":
        return "marginal_deterioration"
    if state.probation > 0:
        return "recovered"
    return "positive" if state.investment == "recovered" else "pre_breakeven"
