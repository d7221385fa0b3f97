"""A portfolio of two systems, three months and a few hundred rows: a whole run takes seconds.

`small_portfolio(folder)` writes it. Every count is a whole number by formula, so that a test can
say by hand what any table must hold; every file has a fixed time of last change.
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

MONTHS = (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
TRIAGE, WATCH = "claim-triage", "card-watch"

YAML = """
portfolio: small
reporting_currency: USD
time_zone: UTC
max_quarantined_share: 0.05
systems:
  - id: claim-triage
    name: Claim triage
    scenario: decision_matrix
    invested_on: 2026-08-01
    live_on: 2026-08-01
    serving_mode: batch
    owner: claims
    outcome_horizon_days: 30
    positive: {decision: [approve], outcome: [good]}
  - id: card-watch
    name: Card watch
    scenario: fraud_detection
    invested_on: 2026-08-01
    live_on: 2026-08-01
    owner: risk
    outcome_horizon_days: 60
    positive: {decision: [block], outcome: [fraud]}
sources:
  - {dataset: billing, path: inbox/billing/*.csv, format: focus}
  - {dataset: capex, path: inbox/capex/*.csv}
  - {dataset: operating_costs, path: inbox/operating_costs/*.csv}
  - {dataset: predictions, path: inbox/predictions/claim-triage/*.csv}
  - {dataset: predictions, path: inbox/predictions/card-watch/*.jsonl}
  - {dataset: outcomes, path: inbox/outcomes/*.csv}
engine: {memory_limit: 1GB, threads: 2}
"""

REFERENCE = {
    "prices": """
system_id,driver,unit,unit_price,currency,valid_from,valid_to,standard_error,source_document
claim-triage,approve/good,case,14.50,USD,2026-08-01,,,time study
claim-triage,approve/bad,case,-35.00,USD,2026-08-01,,,claims paid in error
claim-triage,refer/*,case,-2.25,USD,2026-08-01,,,time study
card-watch,fraud_stopped,amount,0.85,USD,2026-08-01,,,loss given fraud
card-watch,chargeback_avoided,case,25,USD,2026-08-01,,,scheme fee
card-watch,alert_reviewed,case,-3,USD,2026-08-01,,,two minutes of an analyst
card-watch,good_customer_stopped,amount,-0.012,USD,2026-08-01,,,margin
""",
    "baselines": """
system_id,version,metric,value,unit,n,standard_error,window_start,window_end,source_document
card-watch,1,recall,0.60,fraction,500,0.02,2026-01-01,2026-06-30,baseline.pdf
card-watch,1,false_positive_rate,0.03,fraction,9000,0.002,2026-01-01,2026-06-30,baseline.pdf
claim-triage,1,policy,0,USD per case,900,0.01,2026-01-01,2026-06-30,baseline.pdf
""",
    "terms": """
system_id,term,value,unit,valid_from,version,approved_by,approved_at,document,sha256
claim-triage,hurdle_rate_annual,0.12,fraction,2026-08-01,1,finance,2026-07-15T09:00:00Z,contract.pdf,
claim-triage,min_predictions,20,predictions,2026-08-01,1,finance,2026-07-15T09:00:00Z,contract.pdf,
claim-triage,grace_months,1,months,2026-08-01,1,finance,2026-07-15T09:00:00Z,contract.pdf,
card-watch,hurdle_rate_annual,0.12,fraction,2026-08-01,1,finance,2026-07-15T09:00:00Z,contract.pdf,
card-watch,min_predictions,20,predictions,2026-08-01,1,finance,2026-07-15T09:00:00Z,contract.pdf,
""",
    "allocation": """
allocation_key,system_id,share,driver,valid_from,valid_to
platform,claim-triage,0.25,,2026-08-01,
platform,card-watch,0.75,,2026-08-01,
""",
    "cost_categories": """
rule_order,dataset,match_column,match_key,match_op,match_value,system_id,allocation_key,category,cost_class,regulatory_category,valid_from
10,billing,tags,system,glob,*,{value},,,,,2026-08-01
20,billing,service_category,,equals,Compute,,,compute,opex,,2026-08-01
30,billing,service_category,,equals,AI and Machine Learning,,,tokens,opex,,2026-08-01
""",
    "model_versions": """
system_id,model_version,deployed_on,retired_on,rollback_possible,metric_at_launch
claim-triage,t1,2026-08-01,,true,0.9
card-watch,w1,2026-08-01,,true,0.9
""",
    "options": """
system_id,option,one_off_cost,monthly_cost_change,expected_quality,currency,valid_from,source_document
claim-triage,retrain,900.00,,0.95,USD,2026-08-01,offer
claim-triage,decommission,400.00,,,USD,2026-08-01,exit plan
""",
    "reviews": """
system_id,decided_on,kind,decision,decided_by,rationale
""",
}


def small_portfolio(folder: Path) -> Path:
    """Write the portfolio into `folder`, which may exist; returns it."""
    put(folder / "portfolio.yaml", YAML.lstrip(), MONTHS[0])
    for name, text in REFERENCE.items():
        put(folder / "reference" / f"{name}.csv", text.lstrip(), MONTHS[0])
    for month in MONTHS:
        for name, text in deliveries(month).items():
            put(folder / "inbox" / name, text, after(month))
    return folder


def deliveries(month: date) -> dict[str, str]:
    """The files that land for one month, by their path in the inbox."""
    name = f"{month:%Y-%m}"
    files = {
        f"billing/{name}.csv": bill(month),
        f"operating_costs/{name}.csv": operating_costs(month),
        f"predictions/claim-triage/{name}.csv": triage(month),
        f"predictions/card-watch/{name}.jsonl": watch(month),
        f"outcomes/{name}.csv": outcomes(month),
    }
    return files | ({f"capex/{name}.csv": capex()} if month == MONTHS[0] else {})


def put(file: Path, text: str, changed_on: date) -> Path:
    """Write a file as if it had last been changed at 02:00 of a day."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    at = datetime(changed_on.year, changed_on.month, changed_on.day, 2, tzinfo=UTC).timestamp()
    os.utime(file, (at, at))
    return file


def after(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=32)).replace(day=1)


def days(month: date) -> list[date]:
    """Every day of a month."""
    return [month + timedelta(days=n) for n in range((after(month) - month).days)]


def table(header: str, rows: Iterable[Sequence[object]]) -> str:
    """CSV text under a header of names parted by blanks."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split())
    writer.writerows(rows)
    return text.getvalue()


def bill(month: date) -> str:
    """A day costs 1.25 for triage, 2.10 for watch and 0.40 that nobody claims."""
    lines = (
        ("1.25", "Compute", '{"system": "claim-triage"}'),
        ("2.10", "AI and Machine Learning", '{"system": "card-watch"}'),
        ("0.40", "Storage", ""),
    )
    start, end = _midnight(month), _midnight(after(month))
    return table(
        "BillingAccountId InvoiceId BillingPeriodStart BillingPeriodEnd ChargePeriodStart "
        "ChargePeriodEnd ChargeCategory BilledCost EffectiveCost BillingCurrency ServiceCategory "
        "Tags",
        [
            (
                *("acc", f"INV-{month:%Y%m}", start, end, _midnight(day), _midnight(_next(day))),
                *("Usage", cost, cost, "USD", service, tags),
            )
            for day in days(month)
            for cost, service, tags in lines
        ],
    )


def capex() -> str:
    """A server of 1,236.00 with 36.00 left after 24 months: 50.00 a month."""
    return table(
        "asset_id description asset_class acquired_on in_service_on cost currency salvage_value "
        "life_months system_id category",
        [
            (
                *("SRV-1", "Server", "server", "2026-08-03", "2026-08-03", "1236.00", "USD"),
                *("36.00", 24, TRIAGE, "hardware"),
            )
        ],
    )


def operating_costs(month: date) -> str:
    """Labour of 120.00 and 90.00 a month; in the first month a licence of 92.00 for 92 days."""
    name, last = f"{month:%Y%m}", days(month)[-1]
    rows = [
        (f"{name}-triage", last, "", "", "120.00", "USD", "mlops_labour", TRIAGE, ""),
        (f"{name}-watch", last, "", "", "90.00", "USD", "mlops_labour", WATCH, ""),
    ]
    if month == MONTHS[0]:
        span = ("2026-08-01", "2026-10-31")
        rows.append(("licence", "2026-08-02", *span, "92.00", "USD", "licence", "", "platform"))
    return table(
        "entry_id document_on service_start service_end amount currency category system_id "
        "allocation_key",
        rows,
    )


def triage_decided(n: int) -> tuple[str, str]:
    """Of ten claims six are approved rightly, one wrongly, three are referred."""
    return ("refer", "good") if n % 10 < 3 else ("approve", "bad" if n % 10 == 3 else "good")


def watch_decided(n: int) -> tuple[str, str]:
    """Of ten payments one fraud is stopped; of twenty one is missed and one honest one stopped."""
    if n % 10 == 0:
        return ("block", "fraud")
    return {5: ("allow", "fraud"), 15: ("block", "legit")}.get(n % 20, ("allow", "legit"))


def triage(month: date) -> str:
    """Two claims a day; the first is delivered twice, and in September one has no decision."""
    rows = [
        (id_, at.isoformat() + "Z", TRIAGE, "t1", triage_decided(n)[0], "0.020")
        for n, (id_, at) in enumerate(_predicted("t", month, 2))
    ]
    if month == MONTHS[1]:
        rows.append(("t-202609-bad", rows[0][1], TRIAGE, "t1", "", "0.020"))
    header = "prediction_id predicted_at system_id model_version decision compute_seconds"
    return table(header, [*rows, rows[0]])


def watch(month: date) -> str:
    """Three payments a day of 40 to 139 dollars."""
    lines = [
        {
            "prediction_id": id_,
            "predicted_at": at.isoformat() + "Z",
            "system_id": WATCH,
            "model_version": "w1",
            "decision": watch_decided(n)[0],
            "amount": f"{watch_amount(n)}.00",
            "currency": "USD",
            "latency_ms": 5 + n % 30,
            "input_tokens": 100 + n,
        }
        for n, (id_, at) in enumerate(_predicted("w", month, 3))
    ]
    return "".join(json.dumps(line) + "\n" for line in lines)


def watch_amount(n: int) -> int:
    """Whole dollars of the n-th payment of a month."""
    return 40 + n * 37 % 100


def outcomes(month: date) -> str:
    """What was observed in a month: triage after 2 days, watch after 10; one changed its mind."""
    rows: list[tuple[object, ...]] = []
    for made in MONTHS:
        for prefix, a_day, delay, decided in (
            ("t", 2, 2, triage_decided),
            ("w", 3, 10, watch_decided),
        ):
            for n, (id_, at) in enumerate(_predicted(prefix, made, a_day)):
                seen = at + timedelta(days=delay)
                if seen.date().replace(day=1) == month:
                    rows.append((id_, seen.isoformat() + "Z", decided(n)[1]))
                    if (prefix, n) == ("w", 0):
                        rows.append((id_, (at + timedelta(days=1)).isoformat() + "Z", "legit"))
    rows.append((f"orphan-{month:%Y%m}", f"{month}T12:00:00Z", "good"))
    return table("prediction_id observed_at outcome", rows)


def _predicted(prefix: str, month: date, a_day: int) -> list[tuple[str, datetime]]:
    """Ids and naive UTC instants of the predictions of a month."""
    return [
        (f"{prefix}-{day:%Y%m%d}-{n}", datetime(day.year, day.month, day.day, 9 + 4 * n))
        for day in days(month)
        for n in range(a_day)
    ]


def _midnight(day: date) -> str:
    return f"{day}T00:00:00Z"


def _next(day: date) -> date:
    return day + timedelta(days=1)
