"""What any honest reader of the demo must find, in closed form from the plan.

Computes from `plan`, `costs` and `invoices` alone. Never reads a file, so that the tests compare
two independent roads to the same number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from roi_pipeline.demo import costs, plan
from roi_pipeline.demo.invoices import invoices

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Expected:
    """One system in one month. Money in USD, exact unless a field says otherwise.

    `cells` counts linked predictions by (decision, outcome) once all outcomes have arrived, those
    that never come under outcome ''; tp, fp, fn and tn leave them out and are None where the
    system names no positive. `value` is the cohort value against the baseline. `billed` is by
    billing month, `effective` by charge month. `accrued_invoices` is spread by days, not rounded.
    """

    month: date
    system_id: str
    predictions: int = 0  # failed ones with decision 'none' included, duplicates counted once
    cells: Mapping[plan.Cell, int] = field(default_factory=dict)
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None
    value: Decimal = _NOTHING
    billed: Decimal = _NOTHING
    effective: Decimal = _NOTHING
    invoiced: Decimal = _NOTHING
    accrued_invoices: Decimal = _NOTHING
    capex_cash: Decimal = _NOTHING  # purchases less disposal proceeds
    depreciation: Decimal = _NOTHING

    @property
    def cost_cash(self) -> Decimal:
        """Everything paid in the month."""
        return self.billed + self.invoiced + self.capex_cash

    @property
    def cost_accrual(self) -> Decimal:
        """Everything used up in the month."""
        return self.effective + self.accrued_invoices + self.depreciation


def expected() -> dict[tuple[date, str], Expected]:
    """Month and system (also 'unallocated') to what must be found there."""
    places = [(month, name) for month in plan.MONTHS for name in (*plan.SYSTEMS, plan.UNALLOCATED)]
    return {place: _expected(*place) for place in places}


def _expected(month: date, system_id: str) -> Expected:
    cohort = plan.cohort(system_id, month) if system_id in plan.SYSTEMS else None
    cells = cohort.cells if cohort else {}
    tp, fp, fn, tn = _quality(system_id, cells)
    own = [invoice for invoice in invoices() if invoice.system_id == system_id]
    billed, effective = _cloud(month, system_id)
    return Expected(
        *(month, system_id, cohort.answered + cohort.errors if cohort else 0, cells),
        *(tp, fp, fn, tn),
        value=_value(system_id, cells),
        billed=billed,
        effective=effective,
        invoiced=sum(map(costs.in_dollars, _in_month(own, month)), _NOTHING),
        accrued_invoices=sum((costs.accrued(invoice, month) for invoice in own), _NOTHING),
        capex_cash=_capex(month, system_id),
        depreciation=sum(
            (costs.depreciation(a, month) for a in costs.ASSETS if a.system_id == system_id),
            _NOTHING,
        ),
    )


def _in_month(own: list[costs.Invoice], month: date) -> list[costs.Invoice]:
    return [invoice for invoice in own if invoice.document_on.replace(day=1) == month]


def _quality(system_id: str, cells: Mapping[plan.Cell, int]) -> tuple[int | None, ...]:
    if system_id not in plan.POSITIVE or not cells:
        return (None, None, None, None)
    acted, true = plan.POSITIVE[system_id]
    counts = {(is_acted, is_true): 0 for is_acted in (True, False) for is_true in (True, False)}
    for (decision, outcome), rows in cells.items():
        if outcome:
            counts[decision in acted, outcome == true] += rows
    return counts[True, True], counts[True, False], counts[False, True], counts[False, False]


def _value(system_id: str, cells: Mapping[plan.Cell, int]) -> Decimal:
    if not cells:
        return _NOTHING
    quantities = _DRIVERS[system_id](cells)
    prices = {price.driver: price.unit_price for price in plan.PRICES[system_id]}
    return sum((prices[driver] * quantity for driver, quantity in quantities.items()), _NOTHING)


def _fraud_drivers(cells: Mapping[plan.Cell, int]) -> dict[str, Decimal]:
    """Drivers less what the baseline would have done with the same cases (method §2.2)."""
    rows = {cell: Decimal(count) for cell, count in cells.items()}
    amounts = {
        cell: Decimal(plan.total_cents(plan.PREDICTION_CENTS[cell[1]], count)) / 100
        for cell, count in cells.items()
    }
    frauds = rows["block", "fraud"] + rows["allow", "fraud"]
    good = rows["block", "legit"] + rows["allow", "legit"]
    fraud_amount = amounts["block", "fraud"] + amounts["allow", "fraud"]
    good_amount = amounts["block", "legit"] + amounts["allow", "legit"]
    recall, rate = plan.BASELINE_RECALL, plan.BASELINE_FALSE_POSITIVE_RATE
    alerts = rows["block", "fraud"] + rows["block", "legit"]
    return {
        "fraud_stopped": amounts["block", "fraud"] - recall * fraud_amount,
        "chargeback_avoided": rows["block", "fraud"] - recall * frauds,
        "alert_reviewed": alerts - (recall * frauds + rate * good),
        "good_customer_stopped": amounts["block", "legit"] - rate * good_amount,
    }


def _quality_drivers(cells: Mapping[plan.Cell, int]) -> dict[str, Decimal]:
    """Escapes against a share of the defects, false rejects against one of all units (§2.3)."""
    defects = cells["pass", "defect"] + cells["reject", "defect"]
    units = defects + cells["pass", "good"] + cells["reject", "good"]
    return {
        "escape": cells["pass", "defect"] - plan.BASELINE_ESCAPE_RATE * defects,
        "false_reject": cells["reject", "good"] - plan.BASELINE_FALSE_REJECT_RATE * units,
    }


def _service_drivers(cells: Mapping[plan.Cell, int]) -> dict[str, Decimal]:
    """Contacts people took against those the settled issues took before (method §2.4)."""
    issues = cells["answer", "settled"] + cells["handoff", "settled"]
    handed = cells["handoff", "settled"] + cells["handoff", "repeated"]
    before = issues / plan.BASELINE_FIRST_CONTACT_RESOLUTION
    return {
        "human_contact": plan.CAPACITY_RELEASE_SHARE * (handed - before),
        "wrong_answer": Decimal(plan.wrong_answers(cells[plan.WRONG_CELL])),
    }


def _routing_drivers(cells: Mapping[plan.Cell, int]) -> dict[str, Decimal]:
    """Litres, minutes and exceptions against those of the process before (method §2.5)."""
    measured = {
        kind: sum(plan.total_cents(patterns[cell], cells[cell]) for cell in patterns)
        for kind, patterns in plan.MEASURED.items()
    }
    routes = sum(rows for (_, outcome), rows in cells.items() if outcome)
    late = cells["reroute", "late"] + cells["keep", "late"]
    litres = measured["fuel"] - plan.BASELINE_LITRES_PER_KM * measured["distance"]
    return {
        "fuel_litre": litres / 100,
        "driving_minute": Decimal(measured["duration"]) / 100
        - plan.BASELINE_MINUTES_PER_ROUTE * routes,
        "exception": late - plan.BASELINE_EXCEPTION_RATE * routes,
    }


_DRIVERS = {
    plan.FRAUD: _fraud_drivers,
    plan.INSPECTION: _quality_drivers,
    plan.SUPPORT: _service_drivers,
    plan.ROUTING: _routing_drivers,
}


def _cloud(month: date, system_id: str) -> tuple[Decimal, Decimal]:
    """Billed and effective cost of both providers (method §1.3)."""
    days = costs.days_in(month)
    running = [charge for charge in costs.DAILY if charge.runs_in(month)]
    daily = sum((_share(charge.key, system_id) * charge.amount for charge in running), _NOTHING)
    both = daily * days + _tokens(month, system_id)
    if system_id == plan.UNALLOCATED and month >= costs.SANDBOX_SINCE:
        both += costs.SANDBOX_DAILY * days
    billed = effective = both
    for charge in costs.once():
        if charge.key == system_id:
            billed += charge.amount if charge.billed_in == month else 0
            effective += charge.amount if charge.charged_on.replace(day=1) == month else 0
    if system_id == costs.COMMITMENT_KEY:
        billed += costs.COMMITMENT_PRICE if month in costs.COMMITMENT_STARTS else 0
        if month >= costs.COMMITMENT_STARTS[0]:
            effective += (costs.COMMITMENT_USED_DAILY + costs.COMMITMENT_UNUSED_DAILY) * days
    return billed, effective


def _share(key: str, system_id: str) -> Decimal:
    if key in costs.SHARES:
        return costs.SHARES[key].get(system_id, _NOTHING)
    return Decimal(key == system_id)


def _tokens(month: date, system_id: str) -> Decimal:
    cohort = plan.cohort(plan.SUPPORT, month)
    if system_id != plan.SUPPORT or cohort is None:
        return _NOTHING
    k = plan.age(plan.SUPPORT, month)
    used = {meter: plan.total_tokens(meter, k, cohort.answered) for meter in plan.METERS}
    return sum(
        (Decimal(used[m]) / 1_000_000 * plan.token_price(m, month) for m in plan.METERS), _NOTHING
    )


def _capex(month: date, system_id: str) -> Decimal:
    total = _NOTHING
    for asset in costs.ASSETS:
        if asset.system_id == system_id:
            total += asset.cost if asset.acquired_on.replace(day=1) == month else 0
            if asset.disposed_on and asset.disposed_on.replace(day=1) == month:
                total -= asset.proceeds or 0
    return total
