"""The demo's portfolio.yaml and the tables under reference/: prices, baselines, terms, rules."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from roi_pipeline.demo import agreed, cases, costs, plan
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
        start = _months_before(system_id, 8)
        end = _months_before(system_id, 2) - timedelta(days=1)
        for metric in metrics:
            yield (
                system_id,
                "1",
                *metric,
                start,
                end,
                f"baseline-{system_id}-{plan.LIVE[system_id]:%Y}.pdf",
            )


def _months_before(system_id: str, months: int) -> date:
    position = plan.MONTHS.index(plan.LIVE[system_id])
    return plan.month_at(position - months)


def _terms() -> Iterator[tuple[object, ...]]:
    for system_id in plan.SYSTEMS:
        document = f"contract-{system_id}-2024.pdf"
        digest = hashlib.sha256(document.encode()).hexdigest()
        signed = ("1", "finance-committee", _SIGNED.isoformat(), document, digest)
        for term in (*agreed.TERMS, *agreed.OWN_TERMS.get(system_id, ())):
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
    for system_id, reasons in agreed.WAIVED.items():
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
    """One of its own accord, one that a status asked for; what to do about support is open."""
    asked = plan.month_at(23).replace(day=12)
    yearly = "yearly review: recall is falling, look again in half a year"
    worn = "escapes have tripled and quality is the cause: order offer 2024-17"
    yield (plan.INSPECTION, plan.month_at(14), "scheduled", "continue", "quality-board", yearly)
    yield (plan.INSPECTION, asked, "maintain_or_replace", "retrain", "quality-board", worn)


def _options() -> Iterator[tuple[object, ...]]:
    """What somebody has asked for: offers, exit plans, and what the provider may concede."""
    for system_id, name, one_off, monthly, quality, error, salvage, life, source in agreed.OFFERS:
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
    counted = ""
    if positive := plan.POSITIVE.get(system_id):
        decisions = ", ".join(positive[0])
        counted = f"    positive: {{decision: [{decisions}], outcome: [{positive[1]}]}}\n"
    return f"""  - id: {system_id}
    name: {name}
    scenario: {scenario}
    invested_on: {plan.INVESTED[system_id]}
    live_on: {plan.LIVE[system_id]}
    serving_mode: {mode}
    owner: {owner}
    outcome_horizon_days: {horizon}
{counted}"""
