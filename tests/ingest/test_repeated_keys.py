"""A key names one row of one source: a file that repeats one with other values is refused, and two
sources that number alike lose nothing (contracts §3.2)."""

import json
import os
from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest
from company import Company, lines

Make = Callable[..., Company]
LEDGERS = {  # header, a row with {} for what changes, two values of it, key of the refusal
    "operating_costs": (
        "entry_id,document_on,amount,currency,category,system_id",
        "INV-7,2026-10-05,{},USD,labour,card-fraud",
        ("300.00", "150.00"),
        "entry_id 'INV-7'",
    ),
    "capex": (
        "asset_id,acquired_on,in_service_on,cost,currency,life_months,system_id",
        "gpu-1,2026-10-05,2026-10-05,{},USD,36,card-fraud",
        ("300.00", "150.00"),
        "asset_id 'gpu-1'",
    ),
    "asset_events": (
        "asset_id,event_on,kind,amount",
        "gpu-1,2026-10-05,impairment,{}",
        ("300.00", "150.00"),
        "asset_id + event_on + kind 'gpu-1', '2026-10-05', 'impairment'",
    ),
    "fx": (
        "on,currency,rate,base",
        "2026-10-05,USD,{},EUR",
        ("1.10", "1.20"),
        "on + currency + base '2026-10-05', 'USD', 'EUR'",
    ),
    "prices": (
        "system_id,driver,unit,unit_price,currency,valid_from,source_document",
        "card-fraud,review,case,{},USD,2026-01-01,contract 7",
        ("-3.00", "-4.00"),
        "system_id + driver + unit + valid_from 'card-fraud', 'review', 'case', '2026-01-01'",
    ),
}


def company_of(make: Make, dataset: str, **keys: object) -> Company:
    sources = [] if dataset == "prices" else [{"dataset": dataset, "path": "inbox/*", **keys}]
    return make(*sources, max_quarantined_share=0.9)


def refused(company: Company, dataset: str, content: str | bytes) -> str:
    company.put("reference/prices.csv" if dataset == "prices" else "inbox/a.csv", content)
    report = company.ingest(dataset)
    assert len(report.refused) == 1
    assert company.value(f"select count(*) from {dataset}") == 0
    return report.refused[0].reason


@pytest.mark.parametrize("dataset", LEDGERS)
def test_a_repeated_key_with_other_values_refuses_the_file(make: Make, dataset: str) -> None:
    header, row, (first, second), key = LEDGERS[dataset]
    reason = refused(
        company_of(make, dataset),
        dataset,
        lines(header, [row.format(first), row.format(second), row.format(first)]),
    )
    assert f"rows 1, 2, 3 repeat {key} with different values" in reason
    if dataset not in ("fx", "prices"):
        assert f"{Decimal(first):.12f}".rstrip("0").rstrip(".") in reason
        assert "150" in reason


@pytest.mark.parametrize("dataset", LEDGERS)
def test_a_repeated_key_in_json_and_in_parquet_refuses_the_file_too(
    make: Make, dataset: str
) -> None:
    header, row, values, key = LEDGERS[dataset]
    names = header.split(",")
    rows = [dict(zip(names, row.format(v).split(","), strict=True)) for v in values]
    text = "\n".join(map(json.dumps, rows)) + "\n"
    assert key in refused(company_of(make, dataset), dataset, text)
    company = company_of(make, dataset)
    file = company.folder / "written.parquet"
    listed = " union all ".join(
        "select " + ", ".join(f"'{value}' as \"{name}\"" for name, value in each.items())
        for each in rows
    )
    duckdb.connect().execute(f"copy ({listed}) to '{file}' (format parquet)")
    assert key in refused(company, dataset, file.read_bytes())


@pytest.mark.parametrize("form", ["csv", "json"])
def test_lines_that_differ_only_in_a_column_nobody_reads_are_no_duplicates(
    make: Make, form: str
) -> None:
    """Two lines of one invoice, 50.00 each."""
    header, row, *_ = LEDGERS["operating_costs"]
    header, rows = header + ",Line", [row.format("50.00") + f",{line}" for line in (1, 2)]
    content = lines(header, rows)
    if form == "json":
        names = header.split(",")
        found = (dict(zip(names, each.split(","), strict=True)) for each in rows)
        content = "\n".join(map(json.dumps, found)) + "\n"
    reason = refused(company_of(make, "operating_costs"), "operating_costs", content)
    assert "rows 1, 2 repeat entry_id 'INV-7' with different values (amount 50" in reason
    assert 'map entry_id: "=file:row"' in reason


def test_lines_of_an_invoice_may_be_named_by_their_place(make: Make) -> None:
    header, row, values, _ = LEDGERS["operating_costs"]
    company = company_of(make, "operating_costs", columns={"entry_id": "=file:row"})
    company.put("inbox/a.csv", lines(header, [row.format(v) for v in (*values, values[0])]))
    assert company.ingest("operating_costs").refused == ()
    assert company.rows("select entry_id, amount from operating_costs order by 1") == [
        ("inbox/a.csv:1", 300),
        ("inbox/a.csv:2", 150),
        ("inbox/a.csv:3", 300),
    ]


def test_spellings_of_one_value_are_equal(make: Make) -> None:
    header, row, *_ = LEDGERS["operating_costs"]
    company = company_of(make, "operating_costs")
    company.put("inbox/a.csv", lines(header, [row.format(v) for v in ("50.00", "50", "5e1")]))
    assert company.ingest("operating_costs").refused == ()
    assert company.rows("select amount from operating_costs") == [(50,)]


def two_sources(make: Make, dataset: str) -> Company:
    return make(
        {"dataset": dataset, "id": "us", "path": "inbox/us/*"},
        {"dataset": dataset, "id": "eu", "path": "inbox/eu/*"},
    )


@pytest.mark.parametrize("dataset", ["operating_costs", "asset_events"])
def test_two_sources_may_number_alike(make: Make, dataset: str) -> None:
    header, row, values, _ = LEDGERS[dataset]
    company = two_sources(make, dataset)
    for source, value in zip(("us", "eu"), values, strict=True):
        company.put(f"inbox/{source}/a.csv", lines(header, [row.format(value)]))
    for _ in range(2):
        assert company.ingest(dataset).refused == ()
        assert company.rows(f"select source_id, amount from {dataset} order by 1") == [
            ("eu", 150),
            ("us", 300),
        ]


def test_a_newer_file_of_one_source_still_replaces_its_key(make: Make) -> None:
    header, row, values, _ = LEDGERS["operating_costs"]
    company = two_sources(make, "operating_costs")
    for day, value in enumerate(values, 1):
        file = company.put(f"inbox/us/{day}.csv", lines(header, [row.format(value)]))
        os.utime(file, (1_790_000_000 + day, 1_790_000_000 + day))
    company.ingest("operating_costs")
    assert company.rows("select amount from operating_costs") == [(150,)]


def test_one_asset_in_two_registers_is_refused(make: Make) -> None:
    """Its events name the asset only, so they could not be told which of the two they are of."""
    header, row, values, _ = LEDGERS["capex"]
    company = two_sources(make, "capex")
    for source, value in zip(("us", "eu"), values, strict=True):
        company.put(f"inbox/{source}/a.csv", lines(header, [row.format(value)]))
    (refusal,) = company.ingest("capex").refused
    assert "asset_id 'gpu-1' is also in inbox/eu/a.csv of source eu" in refusal.reason
    assert refusal.path == "inbox/us/a.csv"


PREDICTIONS = "prediction_id,predicted_at,system_id,model_version,decision"


def test_two_systems_whose_logs_number_alike_are_refused(make: Make) -> None:
    """An outcome names the id only: it could not be told whose it is."""
    company = two_sources(make, "predictions")
    for source, system in (("us", "card-fraud"), ("eu", "card-watch")):
        rows = [f"{i},2026-10-05T08:00:00Z,{system},v1,block" for i in range(3)]
        company.put(f"inbox/{source}/a.csv", lines(PREDICTIONS, rows))
    (refusal,) = company.ingest("predictions").refused
    assert "3 prediction ids are also in inbox/eu/a.csv of source eu" in refusal.reason
    assert company.value("select count(*) from predictions") == 3


def test_two_regions_of_one_system_that_number_alike_are_refused(make: Make) -> None:
    company = two_sources(make, "predictions")
    for source, hour in (("us", "08"), ("eu", "09")):
        row = f"1,2026-10-05T{hour}:00:00Z,card-fraud,v1,block"
        company.put(f"inbox/{source}/a.csv", lines(PREDICTIONS, [row]))
    (refusal,) = company.ingest("predictions").refused
    assert "1 prediction ids are also in inbox/eu/a.csv of source eu" in refusal.reason


def test_one_call_that_two_instruments_log_counts_once(make: Make) -> None:
    """The same id and system, the clocks 250 ms apart: left to the step that sees all logs."""
    company = two_sources(make, "predictions")
    for source, fraction in (("us", ".000"), ("eu", ".250")):
        row = f"1,2026-10-05T08:00:00{fraction}Z,card-fraud,v1,block"
        company.put(f"inbox/{source}/a.csv", lines(PREDICTIONS, [row]))
    assert company.ingest("predictions").refused == ()
