"""What a month costs, beside what the same work costs without the pipeline.

    python benchmarks/month.py --rows 10_000_000

Prints a Markdown table: CPU-seconds of the process tree, wall time, peak memory, and ratios to
rivals that ran in the same call over the same files. Every run is its own process; rivals take
turns with the pipeline, and of `--repeat` runs the cheapest counts.
"""

import argparse
import json
import logging
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import data
import measure

AS_OF = datetime(2027, 1, 1)  # all outcomes have arrived
RIVALS = ("scan", "join", "hand", "pandas")


def books(folder: Path) -> dict[str, list[float]]:
    """The month as the command runs it; CPU-seconds and wall time by step."""
    steps = measure.Steps()
    with steps.of("imports"):
        from roi_pipeline import gx_duckdb, portfolio  # noqa: F401
        from roi_pipeline.pipeline import run as pipeline_run
        from roi_pipeline.publish import editions
    found = portfolio.load(folder)
    with steps.of("open"):
        opening = pipeline_run.opened(found, data.MONTH, AS_OF)
        run = opening.__enter__()
    for dataset in (*portfolio.DATASETS, *portfolio.REFERENCES):
        is_log = dataset in ("predictions", "outcomes", "billing")
        with steps.of(f"ingest {dataset if is_log else 'the rest'}"):
            report = run.ingest(dataset)
        if report.refused:
            raise RuntimeError("; ".join(refusal.reason for refusal in report.refused))
    layers = {"cells": "cells", "marts": "marts"}
    for name in run.stored_tables():
        with steps.of(layers.get(run.tables[name].layer, "ledger")):
            run.build(name)
    with steps.of("checks"):
        for name in run.checked_tables():
            run.check(name)
    with steps.of("publication"):
        editions.publish(run)
    opening.__exit__(None, None, None)
    return steps.spent


def dagster(folder: Path) -> dict[str, list[float]]:
    """The month as a Dagster job, in process."""
    steps = measure.Steps()
    with steps.of("imports"):
        import dagster as dg

        from roi_pipeline import automation, gx_duckdb, portfolio  # noqa: F401
        from roi_pipeline.resource import AS_OF as CUT_OFF
    logging.disable()
    job = automation.definitions_of(portfolio.load(folder)).resolve_job_def(automation.JOB)
    tags = {"dagster/partition": f"{data.MONTH:%Y-%m-%d}", CUT_OFF: AS_OF.isoformat()}
    with steps.of("run"), dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, tags=tags)
    return steps.spent


def forget(folder: Path) -> None:
    """Take away all that earlier runs made of the inbox."""
    for name in ("state", "marts"):
        shutil.rmtree(folder / name, ignore_errors=True)


def compared(folder: Path, rivals: Sequence[str], repeat: int) -> dict[str, measure.Cost]:
    """The cheapest run of everything, by name."""
    best: dict[str, measure.Cost] = {}

    def keep(cost: measure.Cost) -> None:
        if cost.name not in best or cost.cpu_s < best[cost.name].cpu_s:
            best[cost.name] = cost

    for _ in range(repeat):
        for rival in rivals:
            keep(measure.run(rival, [Path(__file__).with_name("rivals.py"), rival, folder]))
        for way in ("dagster", "books"):
            forget(folder)
            for name in (way, f"{way} again"):
                keep(measure.run(name, [__file__, "--folder", folder, "--only", way]))
    return best


def report(best: dict[str, measure.Cost], rows: int) -> str:
    """The tables for docs/benchmarks.md."""
    steps = {
        name: values for name, values in best["books"].said.items() if isinstance(values, list)
    }
    cells = float(steps["cells"][0])
    floor, hand = best["join"].cpu_s, best["hand"].cpu_s
    costs = [
        [cost.name, cost.cpu_s, cost.wall_s, cost.peak_gb, cost.cpu_s / floor]
        for cost in best.values()
    ]
    costs.append(["cells step alone", cells, float(steps["cells"][1]), "", cells / floor])
    by_step = [[name, *map(float, values)] for name, values in steps.items()]
    ratios = [["cells step : hand-written", cells / hand]]
    if "pandas" in best:
        ratios.append(["pandas : cells step", best["pandas"].cpu_s / cells])
    target = 3 * floor + best["scan"].cpu_s
    ratios.append(["whole month : (3 floors + one read)", best["books"].cpu_s / target])
    return "\n\n".join(
        [
            f"{rows:,} predictions, {measure.machine()}",
            measure.table(["run", "CPU-s", "wall s", "peak GB", "x floor"], costs),
            measure.table(["step of `books`", "CPU-s", "wall s"], by_step),
            measure.table(["ratio", ""], ratios),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=10_000_000)
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--without", action="append", default=[], choices=RIVALS)
    parser.add_argument("--only", choices=("books", "dagster"), help="one run over FOLDER")
    given = parser.parse_args()
    if given.only:
        print(json.dumps({"books": books, "dagster": dagster}[given.only](given.folder)))
        return
    folder = data.company(given.folder.resolve(), given.rows, given.memory)
    rivals = [rival for rival in RIVALS if rival not in given.without]
    print(report(compared(folder, rivals, given.repeat), given.rows))


if __name__ == "__main__":
    main()
