"""What a month was made of counts as evidence by the grade of that month."""

from datetime import date, datetime

from reading import bench, reading

from roi_pipeline import workbench
from roi_pipeline.marts.economics import economics_monthly

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def test_a_month_with_a_holdout_is_evidence_without_a_process_before() -> None:
    """In October ten of a hundred were held out at random; in November nobody was."""
    con, tables = bench(["economics_monthly"])
    cell = {
        **{"system_id": "s", "model_version": "v", "serving_mode": "batch", "status": "ok"},
        **{"decision": "act", "outcome": "done", "outcome_type": "primary", "link": "linked"},
        "is_correct": True,
    }
    given = {
        "setting": [{"reporting_currency": "USD"}],
        "run_scope": [{"as_of": datetime(2027, 1, 1), "as_of_on": date(2027, 1, 1)}],
        "run_month": [{"month": OCTOBER}, {"month": NOVEMBER}],
        "systems": [
            {"system_id": "s", "scenario": "decision_matrix", "outcome_horizon_days": 30}
            | {"live_on": OCTOBER, "invested_on": OCTOBER}
        ],
        "prices": [
            {"system_id": "s", "driver": "act/done", "unit": "case", "unit_price": 2}
            | {"currency": "USD", "valid_from": OCTOBER}
        ],
        "maturity": [
            {"month": month, "system_id": "s", "maturity": 1} for month in (OCTOBER, NOVEMBER)
        ],
        "outcome_cells": [
            cell
            | {"cell_id": f"{month}/{arm}", "month": month, "day": month, "observed_month": month}
            | {"arm": arm, "predictions": n, "cases": n, "cases_squared": n}
            for month, arm, n in (
                (OCTOBER, "treatment", 900),
                (OCTOBER, "control", 100),
                (NOVEMBER, None, 1000),
            )
        ],
    }
    for table, rows in given.items():
        workbench.give(con, table, rows)
    months = economics_monthly(reading(con, tables["economics_monthly"]))
    assert months.select("month", "is_evidence", "missing_reason").rows() == [
        (OCTOBER, True, None),
        (NOVEMBER, False, "no_baseline"),
    ]
