"""Every kind of input, in every form it may have: csv, JSON lines, Parquet, packed, remote."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline import warehouse
from roi_pipeline.ingest.contracts import CONTRACTS, REFERENCE_DATASETS

ROWS: dict[str, tuple[str, str]] = {
    "options": (
        "system_id,option,one_off_cost,expected_quality,currency,valid_from,source_document",
        "card-fraud,retrain,18000.00,0.96,USD,2026-01-01,offer 17",
    ),
    "facilities": (
        "location,pue,energy_price_per_kwh,currency,valid_from,source_document",
        "hall 2,1.4,0.18,USD,2026-01-01,tariff",
    ),
    "edge_fleets": (
        "system_id,devices,central_gb_per_device_day,edge_gb_per_device_day,price_per_gb,currency,"
        "valid_from,source_document",
        "routing,100,2,0.1,0.08,USD,2026-01-01,measured",
    ),
    "indirect_values": (
        "system_id,driver,monthly_amount,currency,confidence,method,owner,valid_from",
        "card-fraud,trust,100.00,USD,0.3,survey,marketing,2026-01-01",
    ),
    "cost_waivers": (
        "system_id,category,reason,approved_by,valid_from",
        "card-fraud,licences,open source only,finance,2026-01-01",
    ),
    "billing": (BILLING, BILL.format(cost="1.5")),
    "capex": (
        "asset_id,acquired_on,in_service_on,cost,currency,life_months,system_id",
        "gpu-1,2025-11-01,2026-01-15,250000.00,USD,36,card-fraud",
    ),
    "asset_events": ("asset_id,event_on,kind,amount", "gpu-1,2026-06-30,impairment,1000"),
    "operating_costs": (
        "entry_id,document_on,amount,currency,category,allocation_key",
        "e1,2026-10-05,12.5,USD,labour,by-use",
    ),
    "predictions": (PREDICTIONS, PREDICTION.format(i=1)),
    "outcomes": ("prediction_id,observed_at,outcome", "p1,2026-10-09T00:00:00Z,fraud"),
    "fx": ("on,currency,rate,base", "2026-10-05,USD,1.1172,EUR"),
    "prices": (
        "system_id,driver,unit,unit_price,currency,valid_from,valid_to,source_document",
        "card-fraud,*/fraud,case,-3.00,USD,2026-01-01,,contract 7",
    ),
    "baselines": (
        "system_id,version,metric,value,unit,n,window_start,window_end,source_document",
        "card-fraud,1,fraud_rate,0.032,share,50000,2025-01-01,2025-12-31,memo",
    ),
    "terms": (
        "system_id,term,value,valid_from,version,approved_by,approved_at",
        "card-fraud,hurdle_rate_annual,0.12,2026-01-01,1,cfo,2026-01-05",
    ),
    "allocation": ("allocation_key,system_id,share,valid_from", "by-use,card-fraud,0.6,2026-01-01"),
    "cost_categories": (
        "rule_order,dataset,match_column,match_key,match_op,match_value,system_id",
        "10,billing,tags,deployment,glob,*,{value}",
    ),
    "model_versions": (
        "system_id,model_version,deployed_on,rollback_possible",
        "card-fraud,v1,2026-01-01,true",
    ),
    "reviews": (
        "system_id,decided_on,kind,decision,decided_by,rationale",
        'card-fraud,2026-10-09,threshold,continue,board,"it pays, still"',
    ),
}


def test_every_contract_has_a_sample() -> None:
    assert set(ROWS) == set(CONTRACTS)


@pytest.mark.parametrize("dataset", ROWS)
def test_a_row_of_every_dataset_lands_in_its_view(
    make: Callable[..., Company], dataset: str
) -> None:
    is_reference = dataset in REFERENCE_DATASETS
    company = make(*([] if is_reference else [{"dataset": dataset, "path": "inbox/*.csv"}]))
    path = f"reference/{dataset}.csv" if is_reference else "inbox/a.csv"
    company.put(path, lines(*[ROWS[dataset][0], [ROWS[dataset][1]]]))

    report = company.ingest(dataset)

    assert report.refused == ()
    assert report.receipts[0].rows_accepted == 1
    assert company.value(f"select count(*) from {dataset}") == 1
    described = company.rows(f"describe {dataset}")
    assert [(row[0], row[1]) for row in described] == list(CONTRACTS[dataset].shape)


@pytest.mark.parametrize("dataset", ROWS)
def test_without_a_delivery_a_view_is_empty_and_of_the_same_shape(
    make: Callable[..., Company], dataset: str
) -> None:
    company = make()
    company.ingest("fx")
    described = company.rows(f"describe {dataset}")
    assert [(row[0], row[1]) for row in described] == list(CONTRACTS[dataset].shape)
    assert company.value(f"select count(*) from {dataset}") == 0
    con = warehouse.in_memory(1)
    con.execute(f"create table {dataset} ({CONTRACTS[dataset].ddl})")


def test_defaults_stand_for_what_is_empty_or_absent(make: Callable[..., Company]) -> None:
    company = make(
        {"dataset": "predictions", "path": "inbox/predictions/*"},
        {"dataset": "outcomes", "path": "inbox/outcomes/*"},
        {"dataset": "capex", "path": "inbox/capex/*"},
        {"dataset": "operating_costs", "path": "inbox/costs/*"},
    )
    company.put(
        "inbox/predictions/a.csv", lines(PREDICTIONS + ",weight", [PREDICTION.format(i=1) + ","])
    )
    company.put("inbox/outcomes/a.csv", lines(ROWS["outcomes"][0], [ROWS["outcomes"][1]]))
    company.put("inbox/capex/a.csv", lines(ROWS["capex"][0], [ROWS["capex"][1]]))
    company.put(
        "inbox/costs/a.csv", lines(ROWS["operating_costs"][0], [ROWS["operating_costs"][1]])
    )
    for dataset in ("predictions", "outcomes", "capex", "operating_costs"):
        assert company.ingest(dataset).refused == ()
    assert company.rows("select weight, status from predictions") == [(1, "ok")]
    assert company.rows("select outcome_type from outcomes") == [("primary",)]
    assert company.rows("select method, proration, cost_class, salvage_value from capex") == [
        ("straight_line", "month", "capex", 0)
    ]
    assert company.rows("select cost_class, avoidable from operating_costs") == [("opex", True)]


BROKEN = {
    "capex": [
        (",card-fraud", ",", "no system_id or allocation_key"),
        ("250000.00", "-1", "negative cost"),
        (",36,", ",0,", "life_months below 1"),
    ],
    "asset_events": [
        ("impairment", "theft", "unknown kind"),
        ("impairment", "transfer", "transfer without"),
    ],
    "fx": [("1.1172", "0", "rate not above 0"), ("USD", "US$", "unknown currency")],
    "allocation": [("0.6", "1.6", "share outside 0 to 1"), ("0.6", "", "neither share nor driver")],
    "billing": [("2026-11-01T00", "2026-09-01T00", "billing period ends before it starts")],
    "model_versions": [("true", "perhaps", "bad rollback_possible")],
    "options": [("18000.00", "-1", "negative one_off_cost"), ("0.96", "96", "expected_quality")],
    "facilities": [("1.4", "0.4", "pue below 1"), ("0.18", "-1", "negative energy_price_per_kwh")],
    "edge_fleets": [("100", "-1", "negative devices")],
    "indirect_values": [("USD,0.3", ",", "an amount without currency and confidence")],
    "cost_waivers": [("2026-01-01", "last year", "bad valid_from")],
    "prices": [("2026-01-01,", "2026-01-01,2025-01-01", "valid_to before valid_from")],
}


@pytest.mark.parametrize(
    ("dataset", "old", "new", "reason"),
    [(dataset, *case) for dataset, cases in BROKEN.items() for case in cases],
)
def test_a_row_that_breaks_a_rule_is_named_by_it(
    make: Callable[..., Company], dataset: str, old: str, new: str, reason: str
) -> None:
    is_reference = dataset in REFERENCE_DATASETS
    company = make(*([] if is_reference else [{"dataset": dataset, "path": "inbox/*.csv"}]))
    header, row = ROWS[dataset]
    path = f"reference/{dataset}.csv" if is_reference else "inbox/a.csv"
    company.put(path, lines(header, [row.replace(old, new, 1)]))
    assert reason in company.ingest(dataset).refused[0].reason


def json_lines(*rows: dict[str, Any] | str) -> str:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


LOG = {
    "prediction_id": 'a "1", ä',
    "predicted_at": "2026-10-05T08:00:00Z",
    "system_id": "card-fraud",
    "model_version": "v1",
    "decision": "block",
}


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines_keep_every_digit(logs: Company, packed: bool) -> None:
    rows = json_lines(
        '{"amount": 123456789012.123456, "score": 0.25, "input_tokens": 12, ' + json.dumps(LOG)[1:],
        "",
        LOG | {"prediction_id": 2, "amount": None, "status": "error", "deep": {"a": [1, 2]}},
        LOG | {"prediction_id": True, "note": "never read"},
    )
    body = rows.encode()
    logs.put("inbox/predictions/a.jsonl", gzip.compress(body) if packed else body)
    (receipt,) = logs.ingest("predictions").receipts
    assert (receipt.rows_read, receipt.format) == (3, "jsonl.gz" if packed else "jsonl")
    found = logs.rows("select prediction_id, amount, input_tokens, status from predictions")
    assert found == [
        ('a "1", ä', Decimal("123456789012.123456"), 12, "ok"),
        ("2", None, None, "error"),
        ("true", None, None, "ok"),
    ]


def test_malformed_json_lines_are_put_aside(make: Callable[..., Company]) -> None:
    company = make({"dataset": "predictions", "path": "inbox/*"}, max_quarantined_share=0.9)
    twice = json.dumps(LOG)[:-1] + ', "decision": "allow"}'
    rows = json_lines(LOG, '{"prediction_id": ', "[1, 2]", twice, LOG | {"decision": ""})
    company.put("inbox/a.jsonl", rows)
    company.ingest("predictions")
    assert company.rows("select row_no, reason from quarantine order by 1") == [
        (2, "not JSON"),
        (3, "not a JSON object"),
        (4, "not JSON"),
        (5, "missing decision"),
    ]


def parquet(company: Company, path: str, select: str) -> None:
    company.put(path, "")
    company.con.execute(f"copy ({select}) to '{company.folder}/{path}' (format parquet)")


ONE = (
    "'2026-10-05 08:00:00Z'::timestamptz as predicted_at, 's' as system_id, "
    "'v' as model_version, 'd' as decision"
)


def test_uuids_stay_uuids_until_a_file_has_other_ids(logs: Company) -> None:
    first = "00000000-0000-0000-0000-00000000000a"
    parquet(logs, "inbox/predictions/a.parquet", f"select '{first}'::uuid as prediction_id, {ONE}")
    logs.ingest("predictions")
    logs.put("inbox/outcomes/none", "")
    (logs.folder / "inbox/outcomes/none").unlink()
    parquet(
        logs,
        "inbox/outcomes/a.parquet",
        f"select '{first}'::uuid as prediction_id, now() as observed_at, 'x' as outcome",
    )
    logs.ingest("outcomes")
    joined = "select p.prediction_id from predictions p join outcomes using (prediction_id)"
    assert logs.rows(joined) == [(UUID(first),)]
    logs.put("inbox/outcomes/b.csv", lines(*[ROWS["outcomes"][0], [ROWS["outcomes"][1]]]))
    logs.ingest("outcomes")
    assert logs.rows(joined) == [(first,)]


def test_naive_times_in_parquet_need_a_zone(make: Callable[..., Company]) -> None:
    select = f"select 1 as prediction_id, {ONE}".replace("Z'::timestamptz", "'::timestamp")
    company = make({"dataset": "predictions", "path": "inbox/*"})
    parquet(company, "inbox/a.parquet", select)
    assert "set the source's time_zone" in company.ingest("predictions").refused[0].reason
    for zone, hour in (("UTC", 8), ("America/New_York", 12)):
        company = make({"dataset": "predictions", "path": "inbox/*", "time_zone": zone})
        parquet(company, "inbox/a.parquet", select)
        company.ingest("predictions")
        found = company.rows("select prediction_id, predicted_at from predictions")
        assert found == [("1", datetime(2026, 10, 5, hour))]


def test_a_parquet_column_with_a_taken_name_is_refused(logs: Company) -> None:
    parquet(
        logs,
        "inbox/predictions/a.parquet",
        f"select 1 as prediction_id, 7 as FILE_ROW_NUMBER, {ONE}",
    )
    assert "rename the column" in logs.ingest("predictions").refused[0].reason


def test_parquet_with_a_column_that_cannot_be_a_time_is_refused(logs: Company) -> None:
    select = f"select 1 as prediction_id, {ONE}".replace(
        "'2026-10-05 08:00:00Z'::timestamptz", "17"
    )
    parquet(logs, "inbox/predictions/a.parquet", select)
    reason = logs.ingest("predictions").refused[0].reason
    assert "predicted_at is INTEGER; expected text or TIMESTAMP" in reason


def test_a_bill_in_parquet_keeps_the_number_a_person_wrote(bills: Company) -> None:
    start, end = "timestamp '2026-10-01'", "timestamp '2026-11-01'"
    parquet(
        bills,
        "inbox/billing/a.parquet",
        f"""select {start} as BillingPeriodStart, {end} as BillingPeriodEnd,
            {start} as ChargePeriodStart, {end} as ChargePeriodEnd, 'Usage' as ChargeCategory,
            1.1::double as BilledCost, 0.1::float as EffectiveCost, 'USD' as BillingCurrency,
            2.3::decimal(38, 20) as ListCost, map {{'a': 'b'}} as Tags, [1, 2] as x_List""",
    )
    assert bills.ingest("billing").refused == ()
    found = bills.rows(
        "select billed_cost, effective_cost, list_cost, tags ->> 'a', x::varchar from billing"
    )
    assert found == [(Decimal("1.1"), Decimal("0.1"), Decimal("2.3"), "b", '{"x_List":[1,2]}')]
