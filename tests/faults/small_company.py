"""A company small enough to run in a second: two systems, cloud bills, a server, a licence, and a
prediction log with late outcomes, over a few months of 2026. Every figure follows from its number.
"""

import gzip
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from runner import write_portfolio, write_reference

from roi_pipeline.domain.calendar import add_months

FIRST = date(2026, 1, 1)
SYSTEMS = ("card-fraud", "line-check")
WRITTEN_AT = datetime(2026, 6, 1, tzinfo=UTC)

BILL = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,ChargeDescription,BilledCost,EffectiveCost,BillingCurrency,ServiceName,"
    "ServiceCategory,Tags,x_ExportDateTime\n"
)


def small_company(folder: Path, months: int = 3, per_day: int = 4, **keys: object) -> Path:
    """Write the portfolio and everything delivered for `months` months from January 2026."""
    settings: dict[str, object] = {
        "systems": [
            {
                "id": name,
                "name": name,
                "scenario": "decision_matrix",
                "invested_on": "2026-01-01",
                "live_on": "2026-01-01",
                "positive": {"decision": ["flag"], "outcome": ["bad"]},
                "outcome_horizon_days": 40,
            }
            for name in SYSTEMS
        ],
        "sources": [
            {"dataset": "billing", "path": "inbox/billing/*.csv"},
            {"dataset": "capex", "path": "inbox/capex/*.csv"},
            {"dataset": "operating_costs", "path": "inbox/operating_costs/*.csv"},
            {"dataset": "predictions", "path": "inbox/predictions/*"},
            {"dataset": "outcomes", "path": "inbox/outcomes/*"},
        ],
    }
    write_portfolio(folder, **{**settings, **keys})
    write_prices(folder)
    tag = ("tags", "app", "glob", "*", "{value}")
    write_reference(folder, "cost_categories", (1, "billing", *tag))
    for k in range(months):
        month = add_months(FIRST, k)
        bill(folder, month)
        log(folder, month, per_day)
    ledgers(folder)
    return folder


def write_prices(folder: Path, *more: Sequence[object]) -> Path:
    """What each pair of decision and outcome is worth, in force from the start."""
    rows = [
        (system, pair, unit, price, "USD", "2026-01-01")
        for system in SYSTEMS
        for pair, unit, price in (
            ("flag/bad", "amount", "1"),
            ("flag/*", "case", "-3"),
            ("pass/bad", "amount", "-1"),
            ("pass/good", "case", "0"),
        )
    ]
    return write_reference(folder, "prices", *rows, *more)


def put(folder: Path, name: str, text: str, at: datetime = WRITTEN_AT) -> Path:
    """A delivered file with a fixed time of writing, so that it is the same on every machine."""
    file = folder / "inbox" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(
        gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode()
    )
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def bill(
    folder: Path,
    month: date,
    extra: Sequence[tuple[str, str]] = (),
    *,
    name: str | None = None,
    exported_at: str = "2026-05-20T00:00:00Z",
) -> Path:
    """One month's FOCUS bill: a line a system, one line nobody claims; `extra` are (app, cost)."""
    after = add_months(month, 1)
    lines = [("card-fraud", "100.10"), ("line-check", "50.055"), ("", "7.000000000001"), *extra]
    rows = [
        f"acc,{month}T00:00:00Z,{after}T00:00:00Z,{month}T00:00:00Z,{month}T01:00:00Z,Usage,line "
        f"{k},{cost},{cost},USD,Inference,AI and Machine Learning,"
        f'"{{""app"": ""{app}""}}",{exported_at}\n'
        for k, (app, cost) in enumerate(lines)
    ]
    written_at = datetime.fromisoformat(exported_at) + timedelta(hours=1)
    name = name or f"{month:%Y-%m}"
    return put(folder, f"billing/{name}.csv", BILL + "".join(rows), written_at)


def log(folder: Path, month: date, per_day: int) -> None:
    """The predictions of a month and what became of them 20 days later; a tenth stays unknown."""
    predictions = ["prediction_id,predicted_at,system_id,model_version,decision,amount,currency"]
    outcomes = ["prediction_id,observed_at,outcome"]
    days = (add_months(month, 1) - month).days
    for k in range(days * per_day):
        at = datetime(month.year, month.month, 1 + k // per_day, 12, tzinfo=UTC)
        key, system = f"{month:%Y-%m}-{k:05d}", SYSTEMS[k % 2]
        decision = "flag" if k % 5 == 0 else "pass"
        cents = f"{(k * 37) % 1000}.{k % 100:02d}"
        predictions.append(f"{key},{at.isoformat()},{system},v{1 + k % 2},{decision},{cents},USD")
        if k % 10 != 9:
            outcome = "bad" if k % 15 in (0, 7) else "good"
            outcomes.append(f"{key},{(at + timedelta(days=20)).isoformat()},{outcome}")
    put(folder, f"predictions/{month:%Y-%m}.csv.gz", "\n".join(predictions) + "\n")
    put(folder, f"outcomes/{month:%Y-%m}.csv", "\n".join(outcomes) + "\n")


def ledgers(folder: Path) -> None:
    """A server of 3,600 over 36 months and a licence of 1,200.01 over a year."""
    put(
        folder,
        "capex/register.csv",
        "asset_id,description,asset_class,acquired_on,in_service_on,cost,currency,salvage_value,"
        "life_months,system_id\n"
        "srv-1,server,server,2026-01-10,2026-01-10,3600,USD,0,36,card-fraud\n",
    )
    put(
        folder,
        "operating_costs/2026.csv",
        "entry_id,document_on,service_start,service_end,amount,currency,category,system_id\n"
        "lic-1,2026-01-15,2026-01-01,2026-12-31,1200.01,USD,licence,line-check\n"
        "mlops-1,2026-02-15,,,300,USD,labour,card-fraud\n",
    )
