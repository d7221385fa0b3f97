"""How sure the demo's numbers can be, in closed form from its plan (method §1.5, §3.3, §4.2).

The pipeline is not asked: values by row are those of the plan, the error of a sum is that of its
rows, and the error of the process before is that of its measurement. Settled months only.
"""

from collections.abc import Sequence
from datetime import date
from math import hypot, sqrt

from roi_pipeline import demo
from roi_pipeline.demo import costs, plan
from roi_pipeline.demo.invoices import invoices

ANSWERS = demo.expected()
Z = 1.96
REVIEW = 0.6 * 6.25  # what one contact less is worth, by the share of capacity that is released
# What a row is worth against the process before, by decision and outcome (method §2.3, §2.4); an
# outcome that never came may turn out the worst or the best of those its decision can have.
WORTH = {
    plan.INSPECTION: {
        ("reject", "defect"): 0.30 * 118,
        ("pass", "defect"): (0.30 - 1) * 118,
        ("reject", "good"): (0.015 - 1) * 9,
        ("pass", "good"): 0.015 * 9,
    },
    plan.SUPPORT: {
        ("answer", "settled"): REVIEW / 0.75,
        ("answer", "repeated"): 0.0,
        ("handoff", "settled"): REVIEW / 0.75 - REVIEW,
        ("handoff", "repeated"): -REVIEW,
    },
}
FRAUD_FEE, FRAUD_SHARE = 23.75 - 3.00, 0.8075


def window(name: str, month: date) -> list[date]:
    """The three months in service that end with one."""
    return [m for m in plan.MONTHS if plan.LIVE[name] <= m <= month][-3:]


def roi_high(name: str, month: date) -> float:
    """The most that the incremental return of three months can be."""
    months = window(name, month)
    value, saved = _value(name, months), sum(_avoidable(name, m) for m in months)
    error = hypot(
        sqrt(sum(_variance(_rows(name, m)) for m in months)),
        sum(_baseline_error(name, m) for m in months),
    )
    best = sum(_at_best(name, m) for m in months)
    return (value + best + Z * error) / saved - 1


def fraud_net_low(month: date) -> float:
    """The least that card fraud's value less everything paid can be, so far."""
    until = [m for m in plan.MONTHS if m <= month]
    live = [m for m in until if m >= plan.LIVE[plan.FRAUD]]
    paid = float(sum(ANSWERS[m, plan.FRAUD].cost_cash for m in until))
    error = hypot(
        sqrt(sum(_variance(_fraud_rows(m)) for m in live)),
        sum(_fraud_baseline_error(m) for m in live),
    )
    worst = sum(
        -0.60 * (cents / 100 * FRAUD_SHARE + FRAUD_FEE)
        for m in live
        for cents in plan.PREDICTION_CENTS[""][: _open(plan.FRAUD, m)]
    )
    return _value(plan.FRAUD, live) - paid + worst - Z * error


def second_in_a_row(name: str, below: float) -> date:
    """The month in which a system's return cannot have reached a level for the second time."""
    live = [m for m in plan.MONTHS if m >= plan.LIVE[name]]
    is_below = [roi_high(name, m) < below for m in live]
    return next(
        m for m, now, then in zip(live[1:], is_below[1:], is_below, strict=False) if now and then
    )


def _value(name: str, months: Sequence[date]) -> float:
    return float(sum(ANSWERS[m, name].value for m in months))


def _avoidable(name: str, month: date) -> float:
    """Running cost without what is gone or bound by contract (D8)."""
    answer, bound = ANSWERS[month, name], 0.0
    for invoice in invoices():
        if invoice.system_id == name and (invoice.committed_until or not invoice.is_avoidable):
            bound += float(costs.accrued(invoice, month))
    if name == costs.COMMITMENT_KEY:
        daily = costs.COMMITMENT_USED_DAILY + costs.COMMITMENT_UNUSED_DAILY
        bound += float(daily) * costs.days_in(month)
    return float(answer.effective + answer.accrued_invoices) - bound


def _open(name: str, month: date) -> int:
    return sum(n for (_, outcome), n in ANSWERS[month, name].cells.items() if not outcome)


def _at_best(name: str, month: date) -> float:
    """What the outcomes that never came may be worth at most, by what was decided."""
    return sum(
        n * max(worth for (decided, _), worth in WORTH[name].items() if decided == decision)
        for (decision, outcome), n in ANSWERS[month, name].cells.items()
        if not outcome
    )


def _rows(name: str, month: date) -> list[tuple[float, int]]:
    """What rows are worth, and how many are worth it."""
    cells = ANSWERS[month, name].cells
    rows = [(WORTH[name][cell], n) for cell, n in cells.items() if cell[1]]
    if name == plan.SUPPORT:  # a wrong answer is one more fact about a row that is there already
        wrong = plan.wrong_answers(cells[plan.WRONG_CELL])
        rows += [(-6.0, wrong), (0.0, -wrong)]
    return rows


def _fraud_rows(month: date) -> list[tuple[float, int]]:
    rows = []
    for (decision, outcome), n in ANSWERS[month, plan.FRAUD].cells.items():
        pattern = plan.PREDICTION_CENTS[outcome] if outcome else ()
        for k, cents in enumerate(pattern):
            acted, amount = float(decision == "block"), cents / 100
            worth = (
                (acted - 0.60) * (amount * FRAUD_SHARE + FRAUD_FEE)
                if outcome == "fraud"
                else (acted - 0.03) * (amount * -0.012 - 3.00)
            )
            rows.append((worth, n // len(pattern) + (k < n % len(pattern))))
    return rows


def _variance(rows: Sequence[tuple[float, int]]) -> float:
    n, total = sum(k for _, k in rows), sum(worth * k for worth, k in rows)
    return (sum(worth**2 * k for worth, k in rows) - total**2 / n) * n / (n - 1)


def _baseline_error(name: str, month: date) -> float:
    """The standard errors of what was measured before, times what a month owes to each."""
    cells = ANSWERS[month, name].cells
    if name == plan.INSPECTION:
        defects = cells["pass", "defect"] + cells["reject", "defect"]
        units = sum(n for (_, outcome), n in cells.items() if outcome)
        return hypot(defects * 118 * 0.0062, units * 9 * 0.0008)
    settled = cells["answer", "settled"] + cells["handoff", "settled"]
    return settled * REVIEW / 0.75 * 0.0044 / 0.75


def _fraud_baseline_error(month: date) -> float:
    cells = ANSWERS[month, plan.FRAUD].cells
    worth = {"fraud": 0.0, "legit": 0.0}
    for (_, outcome), n in cells.items():
        if outcome:
            amount = plan.total_cents(plan.PREDICTION_CENTS[outcome], n) / 100
            share, fee = (FRAUD_SHARE, FRAUD_FEE) if outcome == "fraud" else (-0.012, -3.00)
            worth[outcome] += amount * share + n * fee
    return hypot(worth["fraud"] * 0.0139, worth["legit"] * 0.0009)


def unallocated_cost() -> tuple[float, float]:
    """What nobody claims: paid so far, and a month of the last three."""
    paid = [float(ANSWERS[month, plan.UNALLOCATED].cost_cash) for month in plan.MONTHS]
    return sum(paid), sum(paid[-3:]) / 3
