"""What stands beside the headline return: indirect value, and benefits lowered by their risk."""

import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from reading import bench, reading

from roi_pipeline import workbench
from roi_pipeline.marts.returns import roi_monthly
from roi_pipeline.marts.statuses import threshold_status_monthly

OCTOBER = date(2026, 10, 1)
AMOUNT = {"month": OCTOBER, "system_id": "s", "driver": "d", "currency": "USD"}


def month_of(value: int, cost: int, **more: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """One month of one system: direct value against a measured process, and its cost."""
    con, _ = bench(["roi_monthly", "threshold_status_monthly", "indirect_value_monthly"])
    given = {
        "setting": [{"reporting_currency": "USD"}],
        "run_month": [{"month": OCTOBER}],
        "run_scope": [{"as_of": datetime(2026, 11, 1), "as_of_on": date(2026, 11, 1)}],
        "systems": [{"system_id": "s", "invested_on": OCTOBER, "live_on": OCTOBER}],
        "evidence_grade": [{"system_id": "s", "evidence_grade": "C", "is_incremental": True}],
        "value_priced": [
            {"month": OCTOBER, "observed_month": OCTOBER, "system_id": "s", "driver": "d"}
            | {"category": "direct", "amount": value}
        ],
        "ledger_cost": [
            AMOUNT | {"side": "cost", "basis": basis, "category": "cloud", "amount": cost}
            for basis in ("cash", "accrual")
        ],
        **more,
    }
    for table, rows in given.items():
        workbench.give(con, table, rows)
    return con


def of_system(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    (row,) = roi_monthly(reading(con)).filter(system_id="s").iter_rows(named=True)
    return row


def test_w25_indirect_value_stands_beside_the_headline(worked: Any) -> None:
    given, want = worked("W25")["inputs"], worked("W25")["expected"]
    stated = [
        {"system_id": "s", "driver": one["name"], "monthly_amount": one["value"]}
        | {"confidence": one["confidence"], "currency": "USD", "valid_from": OCTOBER}
        for one in given["indirect"]
    ]
    con = month_of(given["direct"], given["cost"], indirect_values=stated)
    row = of_system(con)
    assert row["roi_cumulative_cash"] == pytest.approx(want["headline_roi"])
    assert row["with_indirect_roi"] == pytest.approx(want["with_indirect_roi"])
    assert row["value"] == given["direct"]
    listed = con.execute(
        "select driver from indirect_value_monthly where missing_reason = 'unmonetised'"
    ).fetchall()
    assert [driver for (driver,) in listed] == want["unmonetised"]
    alone = month_of(given["direct"], given["cost"])
    moved = [threshold_status_monthly(reading(one)).to_dicts() for one in (con, alone)]
    assert moved[0] == moved[1]  # what is believed moves no status


def test_a_status_without_closed_months_warns_of_nothing() -> None:
    """Warnings of libraries would be printed in front of what a run reports."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert threshold_status_monthly(reading(month_of(10, 1))).height


def test_o19_benefits_lowered_by_the_share_that_is_less_than_sure(published: Any) -> None:
    """66 % are only moderately sure, at a risk factor of 30 %: a risk adjustment of 20 %."""
    oracle = published("O19")
    factor = oracle["inputs"]["share_moderately_confident"] * oracle["inputs"]["risk_factor"]
    term = {
        **{"system_id": "s", "term": "risk_benefit", "value": f"{factor:.3f}", "unit": "fraction"},
        **{"valid_from": OCTOBER, "version": "1", "approved_by": "finance"},
        "approved_at": datetime(2026, 9, 1, tzinfo=UTC),
    }
    row = of_system(month_of(1000, 400, terms=[term]))
    kept = Decimal(str(row["risk_adjusted_npv"])) + 400
    published_share = oracle["expected"]["risk_adjustment_rounded"]
    assert float(1 - kept / 1000) == pytest.approx(published_share, abs=oracle["tolerance"]["rate"])
    assert row["npv"] == pytest.approx(600)
