"""The demo's portfolio.yaml and the tables under reference/: prices, baselines, terms, rules."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from roi_pipeline.demo import cases, costs, plan
from roi_pipeline.demo.files import csv_bytes, instant, write
from roi_pipeline.demo.logs import ROUTING_NAMES

_FROM = plan.MONTHS[0]
_SIGNED: datetime = instant(_FROM.replace(month=10, day=15), hour=9)
_NAMES = {
    plan.FRAUD: ("Card fraud scoring", "fraud_detection", "realtime", "risk-analytics", 120),
    plan.INSPECTION: ("Part inspection", "quality_control", "batch", "plant-quality", 60),
    plan.SUPPORT: ("Support assistant", "customer_service", "realtime", "customer-care", 30),
    plan.ROUTING: ("Delivery routing", "edge_logistics", "edge", "fleet", 30),
}
# Metric, value, unit, n, standard error of the process before each system.
_BASELINES = {
    plan.FRAUD: (
        ("recall", plan.BASELINE_RECALL, "fraction", 1250, "0.0139"),
        ("false_positive_rate", plan.BASELINE_FALSE_POSITIVE_RATE, "fraction", 40000, "0.0009"),
    ),
    plan.INSPECTION: (
        ("escape_rate", plan.BASELINE_ESCAPE_RATE, "defects", 5400, "0.0062"),
        ("false_reject_rate", plan.BASELINE_FALSE_REJECT_RATE, "units", 21600, "0.0008"),
    ),
    plan.SUPPORT: (
        (
            *("first_contact_resolution", plan.BASELINE_FIRST_CONTACT_RESOLUTION),
            *("fraction", 9600, "0.0044"),
        ),
    ),
    plan.ROUTING: (
        ("litres_per_km", plan.BASELINE_LITRES_PER_KM, "litres", 9000, "0.0006"),
        ("minutes_per_route", plan.BASELINE_MINUTES_PER_ROUTE, "minutes", 9000, "0.12"),
        ("exception_rate", plan.BASELINE_EXCEPTION_RATE, "fraction", 9000, "0.0034"),
    ),
}
_NOBODY = "no staff was released"
_WAIVED: Mapping[str, Mapping[str, str]] = {
    plan.FRAUD: {
        "api_fees": "scores on its own servers",
        "monitoring": "part of MLOps labour",
        "network": "inside the cage, part of colocation",
        "redeployment": _NOBODY,
        "retraining": "only when recall falls",
        "compliance": "first audit in March 2025",
    },
    plan.INSPECTION: {
        "api_fees": "runs its own models",
        "compliance": "part of the plant's audit",
        "energy": "not metered apart from the plant",
        "network": "inside the plant",
        "redeployment": _NOBODY,
        "retraining": "not done yet",
    },
    plan.SUPPORT: {
        "compliance": "part of the company's audit",
        "energy": "in the price of its provider",
        "mlops_labour": "run by its vendor",
        "network": "in the price of its provider",
        "redeployment": "once, at the start",
        "retraining": "done by its provider",
    },
    plan.ROUTING: {
        "api_fees": "runs on the vehicles",
        "compliance": "part of the fleet's audit",
        "energy": "the vehicles' own power",
        "monitoring": "part of MLOps labour",
        "redeployment": _NOBODY,
        "retraining": "maps only, by their vendor",
    },
}
_TERMS = (
    ("hurdle_rate_annual", "0.12", "fraction"),
    ("breakeven_min_months", "9", "months"),
    ("breakeven_max_months", "24", "months"),
    ("grace_months", "3", "months"),
    ("min_maturity", "0.9", "fraction"),
    ("min_coverage", "0.8", "fraction"),
    ("min_predictions", "500", "predictions"),
    ("recover_margin", "0.02", "fraction"),
    ("consecutive_months", "2", "months"),
    ("evidence_window_months", "3", "months"),
    ("probation_months", "2", "months"),
)
_OWN_TERMS: Mapping[str, tuple[tuple[object, ...], ...]] = {
    plan.FRAUD: (("latency_sensitive", "true", "flag"),),  # a payment waits for it
    plan.SUPPORT: (("capacity_release_share", plan.CAPACITY_RELEASE_SHARE, "fraction"),),
}

# System, option, cost at once and change a month, quality and its error, salvage, life in months.
_OFFERS = (
    (plan.FRAUD, "retrain", "15000", None, "0.982", "0.002", None, None, "plan of the data team"),
    (plan.FRAUD, "decommission", "20000", None, None, None, "3000", None, "exit plan"),
    (plan.INSPECTION, "retrain", "18000", None, "0.981", "0.003", None, None, "offer 2024-17"),
    (plan.INSPECTION, "replace", "95000", "-1500", "0.985", "0.005", "10000", 36, "offer 2024-21"),
    (plan.INSPECTION, "decommission", "12000", None, None, None, "4000", None, "exit plan"),
    (plan.SUPPORT, "renegotiate", "2000", "-1200", None, None, None, None, "talks with Lingua"),
    (plan.SUPPORT, "retrain", "9000", None, "0.72", "0.01", None, None, "offer 2024-23"),
    (plan.SUPPORT, "decommission", "5000", None, None, None, None, None, "exit plan"),
)


def write_reference(folder: Path) -> None:
    """portfolio.yaml and every table people edit, dated before the first month."""
    write(folder / "portfolio.yaml", _yaml().encode(), _SIGNED)
    for name, (header, rows) in _tables().items():
        write(folder / "reference" / f"{name}.csv", csv_bytes(header.split(), rows), _SIGNED)


def _tables() -> dict[str, tuple[str, Iterable[tuple[object, ...]]]]:
    return {
        "prices": (
            "system_id driver unit unit_price currency valid_from valid_to standard_error "
            "source_document",
            _prices(),
        ),
        "baselines": (
            "system_id version metric value unit n standard_error window_start window_end "
            "source_document",
            _baselines(),
        ),
        "terms": (
            "system_id term value unit valid_from version approved_by approved_at document sha256",
            _terms(),
        ),
        "allocation": ("allocation_key system_id share driver valid_from valid_to", _shares()),
        "cost_categories": (
            "rule_order dataset match_column match_key match_op match_value system_id "
            "allocation_key category cost_class regulatory_category cost_pool valid_from",
            _rules(),
        ),
        "cost_waivers": (
            "system_id category reason approved_by valid_from valid_to",
            _waivers(),
        ),
        "model_versions": (
            "system_id model_version deployed_on retired_on rollback_possible metric_at_launch",
            _versions(),
        ),
        "reviews": ("system_id decided_on kind decision decided_by rationale", _reviews()),
        "indirect_values": (
            "system_id driver monthly_amount currency confidence method owner valid_from valid_to "
            "source_document",
            _beliefs(),
        ),
        "options": (
            "system_id option one_off_cost monthly_cost_change expected_quality standard_error "
            "salvage_value life_months currency valid_from source_document",
            _options(),
        ),
    }


def _prices() -> Iterator[tuple[object, ...]]:
    for system_id, prices in plan.PRICES.items():
        for p in prices:
            priced = (p.driver, p.unit, p.unit_price, "USD", _FROM, None, p.standard_error)
            yield (system_id, *priced, p.source)


def _baselines() -> Iterator[tuple[object, ...]]:
    """Six months that end before the system went live."""
    for system_id, metrics in _BASELINES.items():
        live = plan.LIVE[system_id]
        start = _months_before(system_id, 8)
        end = _months_before(system_id, 2) - timedelta(days=1)
        for metric in metrics:
            yield (system_id, "1", *metric, start, end, f"baseline-{system_id}-{live:%Y}.pdf")


def _months_before(system_id: str, months: int) -> date:
    position = plan.MONTHS.index(plan.LIVE[system_id])
    return plan.month_at(position - months)


def _terms() -> Iterator[tuple[object, ...]]:
    for system_id in plan.SYSTEMS:
        document = f"contract-{system_id}-2024.pdf"
        digest = hashlib.sha256(document.encode()).hexdigest()
        signed = ("1", "finance-committee", _SIGNED.isoformat(), document, digest)
        for term in (*_TERMS, *_OWN_TERMS.get(system_id, ())):
            yield (system_id, *term, _FROM, *signed)


def _shares() -> Iterator[tuple[object, ...]]:
    for key, shares in costs.SHARES.items():
        for system_id, share in shares.items():
            yield (key, system_id, share, None, _FROM, None)


def _rules() -> Iterator[tuple[object, ...]]:
    """Whose a charge is: its tag, or the cluster's key; then what kind of cost it is."""
    yield (10, "billing", "tags", "system", "glob", "*", "{value}", *[None] * 5, _FROM)
    for order, key in enumerate(costs.SHARES, start=20):
        yield (order, "billing", "tags", "cluster", "equals", key, None, key, *[None] * 4, _FROM)
    for order, (service, category) in enumerate(
        (
            ("Compute", "compute"),
            ("Storage", "storage"),
            ("Networking", "network"),
            ("AI and Machine Learning", "tokens"),
            ("Other", "account"),
        ),
        start=30,
    ):
        found = ("billing", "service_category", None, "equals", service)
        pool = "api_fees" if category == "tokens" else None
        yield (order, *found, None, None, category, "opex", None, pool, _FROM)
    pools = (
        *(("operating_costs", "category", "colocation", "energy"),),
        *(("operating_costs", "category", "connectivity", "network"),),
        *(("operating_costs", "category", "integration", "redeployment"),),
        *(("operating_costs", "category", "qa", "monitoring"),),
        *(("capex", "category", "hardware", "compute"),),
    )
    for order, (dataset, column, word, pool) in enumerate(pools, start=40):
        found = (dataset, column, None, "equals", word)
        yield (order, *found, *[None] * 5, pool, _FROM)


def _waivers() -> Iterator[tuple[object, ...]]:
    """The costs that a system of the company does not have, and why."""
    for system_id, reasons in _WAIVED.items():
        for category, reason in reasons.items():
            yield (system_id, category, reason, "finance-committee", _FROM, None)


def _versions() -> Iterator[tuple[object, ...]]:
    for system_id, version, since, metric in cases.VERSIONS:
        later = [s for i, _, s, _ in cases.VERSIONS if i == system_id and s > since]
        yield (system_id, version, since, min(later, default=None), "true", metric)


def _beliefs() -> Iterator[tuple[object, ...]]:
    """What nobody can count: shown beside the return, never in it."""
    care, live = (plan.SUPPORT, "customer_satisfaction"), plan.LIVE[plan.SUPPORT]
    yield (*care, "400.00", "USD", "0.5", "survey against churn", "customer-care", live, None, "")
    safety = (plan.INSPECTION, "reputation", None, None, None, "not found yet", "plant-quality")
    yield (*safety, plan.LIVE[plan.INSPECTION], None, "")


def _reviews() -> Iterator[tuple[object, ...]]:
    on = plan.month_at(14)
    reason = "yearly review: recall is falling, look again in half a year"
    yield (plan.INSPECTION, on, "scheduled", "continue", "quality-board", reason)


def _options() -> Iterator[tuple[object, ...]]:
    """What somebody has asked for: offers, exit plans, and what the provider may concede."""
    for system_id, name, one_off, monthly, quality, error, salvage, life, source in _OFFERS:
        stated = (one_off, monthly, quality, error, salvage, life, "USD", _FROM, source)
        yield (system_id, name, *stated)


def _yaml() -> str:
    systems = "".join(_system(system_id) for system_id in plan.SYSTEMS)
    names = ", ".join(f"{canonical}: {name}" for canonical, name in ROUTING_NAMES.items())
    return f"""# The demo company: four systems, two clouds, 24 months.
portfolio: demo
reporting_currency: USD
time_zone: UTC
systems:
{systems}sources:
  - {{dataset: billing, path: inbox/billing/nimbus/*.csv.gz, format: focus, id: billing-nimbus}}
  - {{dataset: billing, path: inbox/billing/lingua/*.csv.gz, format: focus, id: billing-lingua}}
  - {{dataset: capex, path: inbox/capex/*.csv}}
  - {{dataset: operating_costs, path: inbox/operating_costs/*.csv}}
  - {{dataset: fx, path: inbox/fx/*.csv}}
  - {{dataset: predictions, path: inbox/predictions/card-fraud/*.parquet}}
  - {{dataset: predictions, path: inbox/predictions/part-inspection/*.csv.gz}}
  - {{dataset: predictions, path: inbox/predictions/support-assistant/*.jsonl.gz}}
  - dataset: predictions
    path: inbox/predictions/delivery-routing/*.csv.gz
    columns: {{system_id: "=delivery-routing", {names}}}
  - {{dataset: outcomes, path: inbox/outcomes/*/*.gz}}
"""


def _system(system_id: str) -> str:
    name, scenario, mode, owner, horizon = _NAMES[system_id]
    positive = plan.POSITIVE.get(system_id)
    counted = (
        f"    positive: {{decision: [{', '.join(positive[0])}], outcome: [{positive[1]}]}}\n"
        if positive
        else ""
    )
    return f"""  - id: {system_id}
    name: {name}
    scenario: {scenario}
    invested_on: {plan.INVESTED[system_id]}
    live_on: {plan.LIVE[system_id]}
    serving_mode: {mode}
    owner: {owner}
    outcome_horizon_days: {horizon}
{counted}"""
