"""Published prediction logs and the ECB's rates load as they are, through aliases only."""

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company


def test_the_ecb_history_is_read_as_it_is(shared: Path, make: Callable[..., Company]) -> None:
    company = make({"dataset": "fx", "path": "inbox/fx/*"})
    history = shared / "data/fx/eurofxref-hist.csv"
    company.put("inbox/fx/eurofxref-hist.csv", history.read_bytes())
    (receipt,) = company.ingest("fx").receipts
    with history.open(encoding="utf-8", newline="") as text:
        expected = {
            (row["Date"], code): Decimal(rate)
            for row in csv.DictReader(text)
            for code, rate in row.items()
            if code not in ("Date", "") and rate not in ("N/A", "")
        }
    found = company.rows("select strftime(\"on\", '%Y-%m-%d'), currency, rate from fx")
    assert {(day, code): rate for day, code, rate in found} == expected
    assert receipt.rows_read == receipt.rows_accepted == len(expected) > 200_000
    assert company.rows("select distinct base from fx") == [("EUR",)]
    row_no = company.value("select row_no from fx where \"on\" = '2026-10-30' and currency = 'GBP'")
    assert row_no == 8, "the eighth currency of the first line"


def test_the_ecb_day_adds_to_the_history(shared: Path, make: Callable[..., Company]) -> None:
    company = make({"dataset": "fx", "path": "inbox/fx/*"})
    company.put("inbox/fx/eurofxref.csv", (shared / "data/fx/eurofxref.csv").read_bytes())
    (day,) = company.ingest("fx").receipts
    assert day.rows_accepted == 29
    known = "select rate from fx where \"on\" = '2026-10-30' and currency = 'USD'"
    assert company.rows(known) == [(Decimal("1.1172"),)]
    company.put("inbox/fx/own.csv", "on,currency,rate,base\n2026-10-30,KWD,0.3421,EUR\n")
    company.ingest("fx")
    assert company.value("select count(*) from fx") == 30


PAIRS = {
    "handbook_fraud": ("accept", 881_360),
    "pdm_maintenance": ("run", 24_400),
    "scania_aps_published": ("none", 48_000),
}


@pytest.mark.parametrize("name", PAIRS)
def test_published_pairs_load_through_aliases_only(
    shared: Path, make: Callable[..., Company], name: str
) -> None:
    company = make(
        {
            "dataset": "predictions",
            "path": "inbox/predictions/*",
            "columns": {"system_id": "deployment_id", "currency": "=USD"},
        },
        {"dataset": "outcomes", "path": "inbox/outcomes/*", "columns": {"outcome": "label"}},
    )
    for dataset in ("predictions", "outcomes"):
        source = shared / f"data/pairs/{name}/{dataset}.parquet"
        company.put(f"inbox/{dataset}/{name}.parquet", source.read_bytes())
        (receipt,) = company.ingest(dataset).receipts
        assert (receipt.rows_quarantined, receipt.rows_read) == (0, receipt.rows_accepted)
    negative, rows = PAIRS[name]
    oracle = json.loads((shared / f"data/pairs/{name}/oracle.json").read_text())
    counts = company.rows(
        """select count(*) filter (p.decision <> ? and o.outcome = '1'),
            count(*) filter (p.decision <> ? and o.outcome = '0'),
            count(*) filter (p.decision = ? and o.outcome = '1'),
            count(*) filter (p.decision = ? and o.outcome = '0')
        from predictions as p left join outcomes as o using (prediction_id)""",
        *[negative] * 4,
    )[0]
    assert company.value("select count(*) from predictions") == rows
    if "totals" in oracle and "tp" in oracle["totals"]:
        known = oracle["totals"]
        assert counts == tuple(known[cell] for cell in ("tp", "fp", "fn", "tn"))


def test_nannyml_loans_load_with_a_constant_instant(
    shared: Path, make: Callable[..., Company]
) -> None:
    company = make(
        {
            "dataset": "predictions",
            "path": "inbox/predictions/*",
            "time_zone": "UTC",
            "columns": {
                "prediction_id": "id",
                "predicted_at": "timestamp",
                "system_id": "=car-loan",
                "model_version": "=v1",
                "decision": "y_pred",
                "predicted_label": "y_pred",
                "score": "y_pred_proba",
            },
        },
        {
            "dataset": "outcomes",
            "path": "inbox/outcomes/*",
            "columns": {
                "prediction_id": "id",
                "observed_at": "=2019-12-01T00:00:00Z",
                "outcome": "repaid",
            },
        },
        max_quarantined_share=0.5,
    )
    folder = shared / "data/pairs/nannyml_car_loan"
    names = {
        "predictions": "car_loan_analysis_predictions.parquet",
        "outcomes": "car_loan_analysis_targets.parquet",
    }
    for dataset, name in names.items():
        company.put(f"inbox/{dataset}/{name}", (folder / name).read_bytes())
        assert company.ingest(dataset).receipts[0].rows_accepted == 50_000
    linked = company.rows(
        """select count(*), any_value(typeof(p.prediction_id)), min(o.observed_at)::varchar,
            count(*) filter (outcome in ('0', '1')) from predictions as p
        join outcomes as o using (prediction_id)"""
    )
    assert linked == [(50_000, "VARCHAR", "2019-12-01 00:00:00", 50_000)]
    part = "car_loan_analysis_targets_partial.parquet"
    company.put(f"inbox/outcomes/{part}", (folder / part).read_bytes())
    (receipt,) = company.ingest("outcomes").receipts
    words = company.rows(
        "select distinct outcome from outcomes where delivery_id = ?", receipt.delivery_id
    )
    assert sorted(words) == [("0",), ("1",)], "a float that is whole is the same word"
    assert receipt.notes.get("reasons", {}).keys() <= {"missing outcome", "bad outcome"}
