"""One system of a scenario with its prices, baselines and cells: what every driver is worth."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from roi_pipeline import workbench

FOLDER = Path(__file__).parent.parent / "oracles"
ORACLES = json.loads((FOLDER / "worked_examples.json").read_text("utf-8"))["examples"]
PUBLISHED = json.loads((FOLDER / "published.json").read_text("utf-8"))["oracles"]
Row = dict[str, Any]


def oracle(number: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Inputs and expected numbers of a worked example, as `W02`."""
    cases = ORACLES.values() if isinstance(ORACLES, dict) else ORACLES
    (case,) = (case for case in cases if case["id"].startswith(number + "_"))
    return case["inputs"], case["expected"]


def published(number: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Inputs and expected numbers of other people's, as `O16`."""
    (case,) = (case for case in PUBLISHED if case["id"].startswith(number + "_"))
    return case["inputs"], case["expected"]


def cell(decision: str, outcome: str, cases: object, **more: object) -> Row:
    """A cell of linked primary outcomes on one day of October, unless `more` says otherwise."""
    return {
        **{"decision": decision, "outcome": outcome, "cases": cases, "predictions": cases},
        **{"day": "2026-10-02", "link": "linked", "outcome_type": "primary", "status": "ok"},
        **more,
    }


def drivers(
    scenario: str,
    positive: tuple[str, str],
    prices: Mapping[str, tuple[str, object]],
    cells: Iterable[Row],
    baselines: Mapping[str, object] = {},
    units: Mapping[str, str] = {},
    terms: Mapping[str, str] = {},
) -> dict[str, Decimal]:
    """Worth of every driver in USD; prices are (unit, price), `units` those of baselines."""
    con, models = workbench.empty()
    workbench.open_books(con, models, ["value_priced"])
    needs = [{"scenario": m.name, "metric": n.name} for m in models.values() for n in m.baseline]
    system = {"system_id": "s", "scenario": scenario, "outcome_horizon_days": 30}
    known = {"system_id": "s", "currency": "USD", "valid_from": "2026-01-01"}
    measured = {"system_id": "s", "version": "1", "window_end": "2025-12-31"}
    tables: dict[str, list[Row]] = {
        "setting": [{"reporting_currency": "USD", "time_zone": "UTC"}],
        "scenario_metric": needs,
        "systems": [
            {**system, "positive_decisions": [positive[0]], "positive_outcomes": [positive[1]]}
        ],
        "prices": [
            {**known, "driver": name, "unit": unit, "unit_price": price}
            for name, (unit, price) in prices.items()
        ],
        "baselines": [
            {**measured, "metric": name, "value": value, "unit": units.get(name, "fraction")}
            for name, value in baselines.items()
        ],
        "terms": [
            {"system_id": "s", "term": name, "value": value, "valid_from": "2026-01-01"}
            for name, value in terms.items()
        ],
        "outcome_cells": [
            {"cell_id": f"c{n}", "month": "2026-10-01", "system_id": "s", **each}
            for n, each in enumerate(cells)
        ],
    }
    for table, rows in tables.items():
        workbench.give(con, table, rows)
    found = con.execute(
        "select driver, sum(amount) from value_priced where open_cell_id is null group by driver"
    ).fetchall()
    con.close()
    return dict(found)
