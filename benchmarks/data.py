"""A company for the benchmarks: one month of predictions, the outcomes that follow, a bill, prices.

Every value is a function of the row's number, so the same arguments give the same rows. Ids are
random UUIDs; 1 in 200 predictions is delivered twice and 1 in 50 outcomes is observed twice.
"""

import csv
import gzip
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

MONTH = date(2026, 9, 1)
DAYS = 30
ROWS_PER_FILE = 2_500_000
SYSTEMS = ("card-fraud", "claim-triage", "part-inspection")
PORTFOLIO = """portfolio: benchmark
reporting_currency: USD
systems:
{systems}
sources:
  - {{dataset: billing, path: inbox/billing/*.csv.gz, format: focus}}
  - {{dataset: predictions, path: inbox/predictions/*.parquet, time_zone: UTC}}
  - {{dataset: outcomes, path: inbox/outcomes/*.parquet, time_zone: UTC}}
engine: {{memory_limit: {memory}, threads: 2}}
"""
SYSTEM = (
    "  - {{id: {id}, name: {id}, scenario: decision_matrix, invested_on: {month}, "
    "live_on: {month}, positive: {{decision: [block], outcome: [fraud]}}}}"
)
PRICES = (("block/fraud", "amount", "0.8"), ("block/legit", "case", "-3"), ("*/*", "case", "0.01"))
DRAWN = """
with drawn as (
    select
        i,
        hash(i, 1) as h1,
        hash(i, 2) as h2,
        hash(i, 3) as h3,
        timestamp '{month}'
            + to_microseconds((i * {step_us} + hash(i, 4) % {step_us})::bigint) as instant
    from range({first}, {after}) as r(i)
)
"""
ID = "md5(i::varchar)::uuid"
PREDICTIONS = """
select
    {id} as prediction_id,
    instant as predicted_at,
    ['{systems}'][(1 + h3 % {count})::bigint] as system_id,
    'v' || (1 + h3 // 3 % 3) as model_version,
    case when h3 // 9 % 5 = 0 then 'batch' else 'realtime' end as serving_mode,
    case when h2 % 100 < 3 then 'block' when h2 % 100 < 10 then 'review' else 'allow' end
        as decision,
    case when h2 % 100 < 5 then 'fraud' else 'legit' end as predicted_label,
    ((h2 % 1000000) / 1000000.0)::double as score,
    (1 + h1 % 100000 / 100.0)::decimal(18, 2) as amount,
    'USD' as currency,
    round(8 * exp(h3 // 45 % 1000 / 200.0), 3) as latency_ms,
    (50 + h1 % 1500)::bigint as input_tokens,
    (h3 % 800)::bigint as output_tokens,
    (0.002 + h2 % 50000 / 1000000.0)::decimal(12, 6) as compute_seconds,
    case when h1 % 997 = 0 then 'error' else 'ok' end as status
from (select * from drawn union all select * from drawn where h1 % 200 = 0)
order by instant
"""
OUTCOMES = """
select
    {id} as prediction_id,
    instant + to_microseconds(((h3 % 7776000) * 1000000 + again * 3600000000)::bigint)
        as observed_at,
    case when (h2 % 100 < 3) <> (h3 // 7 % 100 < 4) then 'fraud' else 'legit' end as outcome,
    (1 + h3 % 90000 / 100.0)::decimal(18, 2) as amount
from (select *, 0 as again from drawn union all select *, 1 from drawn where h1 % 50 = 1)
where h1 % 2 = 1
"""


def company(folder: Path, rows: int, memory: str = "4GB") -> Path:
    """Write the portfolio with its inbox, unless it is there already; returns the folder."""
    folder = folder / f"{rows}"
    done = folder / "portfolio.yaml"
    if not done.exists():
        for dataset in ("predictions", "outcomes", "billing"):
            (folder / "inbox" / dataset).mkdir(parents=True, exist_ok=True)
        logs(folder / "inbox", rows, SYSTEMS)
        _reference(folder)
        bill(folder / "inbox" / "billing" / "2026-09.csv.gz", 2_000)
    systems = "\n".join(SYSTEM.format(id=name, month=MONTH) for name in SYSTEMS)
    done.write_text(PORTFOLIO.format(systems=systems, memory=memory))
    return folder


def logs(inbox: Path, rows: int, systems: Sequence[str]) -> None:
    """Write predictions and their outcomes into folders that are there."""
    con = duckdb.connect(config={"threads": 2})
    for part, first in enumerate(range(0, rows, ROWS_PER_FILE)):
        drawn = DRAWN.format(
            month=MONTH,
            step_us=DAYS * 86_400_000_000 // rows,
            first=first,
            after=min(first + ROWS_PER_FILE, rows),
        )
        predictions = PREDICTIONS.format(id=ID, systems="', '".join(systems), count=len(systems))
        for dataset, query in (("predictions", predictions), ("outcomes", OUTCOMES.format(id=ID))):
            target = inbox / dataset / f"{part:04d}.parquet"
            con.execute(f"copy ({drawn} {query}) to '{target}' (format parquet, compression zstd)")


def _reference(folder: Path) -> None:
    (folder / "reference").mkdir(exist_ok=True)
    header = "system_id,driver,unit,unit_price,currency,valid_from,valid_to,source_document"
    lines = [
        f"{system},{driver},{unit},{price},USD,{MONTH},,benchmark"
        for system in SYSTEMS
        for driver, unit, price in PRICES
    ]
    (folder / "reference" / "prices.csv").write_text("\n".join([header, *lines]) + "\n")


def bill(file: Path, lines: int) -> Path:
    """Write a FOCUS 1.2 bill of `lines` hourly charges of the month; returns the file."""
    month_end = MONTH + timedelta(days=DAYS)
    common = {
        "BillingAccountId": "004211009377",
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{MONTH}T00:00:00Z",
        "BillingPeriodEnd": f"{month_end}T00:00:00Z",
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "ConsumedUnit": "Hours",
        "InvoiceId": "INV-1",
        "InvoiceIssuerName": "nimbus",
        "PricingCategory": "Standard",
        "PricingUnit": "Hours",
        "ProviderName": "nimbus",
        "PublisherName": "nimbus",
        "RegionId": "eu-central-1",
        "ServiceCategory": "Compute",
        "ServiceName": "GPU Instances",
        "SubAccountId": "0007",
    }
    with gzip.open(file, "wt", newline="", compresslevel=1) as out:
        writer = csv.DictWriter(out, [*common, *_charge(0)])
        writer.writeheader()
        writer.writerows(common | _charge(number) for number in range(lines))
    return file


def _charge(number: int) -> dict[str, str]:
    hour = number % (DAYS * 24)
    day = MONTH + timedelta(days=hour // 24)
    end = MONTH + timedelta(days=(hour + 1) // 24)
    cost = f"{number % 9973}.{number * 7919 % 10**12:012d}"
    return {
        "ChargePeriodStart": f"{day}T{hour % 24:02d}:00:00Z",
        "ChargePeriodEnd": f"{end}T{(hour + 1) % 24:02d}:00:00Z",
        "ChargeDescription": f"GPU hour of node {number % 4001}",
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "ContractedCost": cost,
        "ConsumedQuantity": "1",
        "PricingQuantity": "1",
        "ResourceId": f"nrn:gpu/{number % 4001}",
        "SkuId": f"SKU-{number % 97}",
        "Tags": f'{{"system": "{SYSTEMS[number % 3]}", "team": "t{number % 11}"}}',
    }
