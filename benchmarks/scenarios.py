"""What all six scenarios add to the cells step: one system of each, side by side in one run.

`python benchmarks/scenarios.py --rows 2_000_000` writes the logs, takes them in, and prints what
the cells step took and what classifying and pricing its cells took.
"""

import argparse
import json
import shutil
from datetime import datetime
from pathlib import Path

import data
import duckdb
import measure

AS_OF = datetime(2027, 1, 1)
SCENARIOS = (
    *("fraud_detection", "quality_control", "customer_service", "edge_logistics"),
    *("decision_support", "decision_matrix"),
)
PRICES = {
    "fraud_detection": "fraud_stopped amount 0.85,chargeback_avoided case 25,"
    "alert_reviewed case -3,good_customer_stopped amount -0.012",
    "quality_control": "escape case -12,false_reject case -1.5,inspection_minute minute -0.5",
    "customer_service": "human_contact case -6.5,assistant_contact case -0.45,"
    "answer_checked case -4,wrong_answer case -30",
    "edge_logistics": "fuel_litre litre -1.6,driving_minute minute -0.6,exception case -15",
    "decision_support": "labour_hour hour -40,error case -15,other_cost amount -1,"
    "decision_added case 0.5",
    "decision_matrix": "block/fraud amount 0.8,block/legit case -3,*/* case 0.01",
}
BASELINES = {
    "fraud_detection": "recall 0.6 fraction,false_positive_rate 0.03 fraction",
    "quality_control": "escape_rate 0.032 units,false_reject_rate 0.004 units,"
    "inspection_minutes 0.02 minutes",
    "customer_service": "first_contact_resolution 0.72 fraction",
    "edge_logistics": "litres_per_km 0.28 litres,minutes_per_route 60 minutes,"
    "exception_rate 0.12 fraction",
    "decision_support": "hours_per_decision 0.05 hours,error_rate 0.06 fraction,"
    "other_cost_per_decision 0.1 USD,decisions_per_day 80 decisions",
    "decision_matrix": "policy 0 USD",
}
# Beside what became of it, one decision in eight has a measured outcome of one of these types.
TYPES = (
    *("inspection", "quality_check", "error", "fuel", "distance", "duration", "labour"),
    "other_cost",
)
MEASURED = """
select
    {id} as prediction_id,
    instant + interval 1 day as observed_at,
    'measured' as outcome,
    ['{types}'][(1 + h1 // 8 % 8)::bigint] as outcome_type,
    (1 + h3 % 900 / 100.0)::decimal(18, 2) as quantity,
    (1 + h3 % 900 / 100.0)::decimal(18, 2) as amount
from drawn
where h1 % 8 = 0
"""


def company(folder: Path, rows: int) -> Path:
    """Write a portfolio with a system of each scenario, unless it is there; returns the folder."""
    folder = folder / f"scenarios-{rows}"
    if not (folder / "portfolio.yaml").exists():
        for dataset in ("predictions", "outcomes"):
            (folder / "inbox" / dataset).mkdir(parents=True, exist_ok=True)
        data.logs(folder / "inbox", rows, [name.replace("_", "-") for name in SCENARIOS])
        step = data.DAYS * 86_400_000_000 // rows
        drawn = data.DRAWN.format(month=data.MONTH, step_us=step, first=0, after=rows)
        measured = MEASURED.format(id=data.ID, types="', '".join(TYPES))
        target = folder / "inbox" / "outcomes" / "measured.parquet"
        duckdb.connect().execute(f"copy ({drawn} {measured}) to '{target}' (format parquet)")
        _reference(folder)
    return folder


def _reference(folder: Path) -> None:
    (folder / "reference").mkdir(exist_ok=True)
    tables = {
        "prices": ["system_id,driver,unit,unit_price,currency,valid_from,source_document"],
        "baselines": [
            "system_id,metric,value,unit,version,window_start,window_end,source_document"
        ],
        "terms": [
            "system_id,term,value,unit,valid_from,version,approved_by,approved_at,document",
            f"customer-service,capacity_release_share,1,fraction,{data.MONTH},1,finance,"
            "2026-08-01T00:00:00Z,benchmark",
        ],
    }
    systems = []
    for scenario in SCENARIOS:
        name = scenario.replace("_", "-")
        for price in PRICES[scenario].split(","):
            driver, unit, each = price.split()
            tables["prices"].append(f"{name},{driver},{unit},{each},USD,{data.MONTH},benchmark")
        for baseline in BASELINES[scenario].split(","):
            metric, value, unit = baseline.split()
            tables["baselines"].append(
                f"{name},{metric},{value},{unit},1,2026-01-01,2026-06-30,benchmark"
            )
        systems.append(data.SYSTEM.format(id=name, month=data.MONTH))
        systems[-1] = systems[-1].replace("scenario: decision_matrix", f"scenario: {scenario}")
    for table, lines in tables.items():
        (folder / "reference" / f"{table}.csv").write_text("\n".join(lines) + "\n")
    text = data.PORTFOLIO.format(systems="\n".join(systems), memory="4GB")
    lines = [line for line in text.splitlines() if "dataset: billing" not in line]
    (folder / "portfolio.yaml").write_text("\n".join(lines) + "\n")


def books(folder: Path) -> dict[str, object]:
    """CPU-seconds and wall time of the cells step and of the scenarios, from nothing."""
    from roi_pipeline import portfolio
    from roi_pipeline.models.registry import ancestors
    from roi_pipeline.pipeline import run as pipeline_run

    shutil.rmtree(folder / "state", ignore_errors=True)
    steps = measure.Steps()
    with pipeline_run.opened(portfolio.load(folder), data.MONTH, AS_OF) as run:
        for dataset in (*portfolio.DATASETS, *portfolio.REFERENCES):
            report = run.ingest(dataset)
            if report.refused:
                raise RuntimeError("; ".join(refusal.reason for refusal in report.refused))
        needed = ancestors(run.tables, ["shared_value"])
        named = {"shared_value": "shared outcomes"}
        for name in run.stored_tables():
            is_cells = run.tables[name].layer == "cells"
            if is_cells or name in needed:
                with steps.of("cells" if is_cells else named.get(name, "scenarios")):
                    run.build(name)
        run.show(["outcome_cells", "value_priced"])
        counts = run.con.execute(
            "select (select count(*) from outcome_cells), (select count(*) from value_priced), "
            "(select count(distinct s.scenario || v.driver) from value_priced as v "
            "inner join systems as s using (system_id))"
        ).fetchall()[0]
    return steps.spent | dict(zip(("outcome cells", "lines", "drivers"), counts, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=2_000_000)
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--only", action="store_true", help="one run over FOLDER")
    given = parser.parse_args()
    if given.only:
        print(json.dumps(books(given.folder)))
        return
    folder = company(given.folder.resolve(), given.rows)
    runs = [
        measure.run("scenarios", [__file__, "--folder", folder, "--only"]).said
        for _ in range(given.repeat)
    ]
    steps = ("cells", "scenarios", "shared outcomes")
    spent = {step: min(float(run[step][0]) for run in runs) for step in steps}  # type: ignore[index]
    print(f"{given.rows:,} predictions, {measure.machine()}; {runs[0]}")
    rows = [[step, cpu, cpu / spent["cells"]] for step, cpu in spent.items()]
    print(measure.table(["step, best of runs", "CPU-s", "x cells"], rows))


if __name__ == "__main__":
    main()
