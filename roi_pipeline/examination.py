"""What `doctor` hints at: what a run accepts and a person may not have meant.

Functions from a portfolio, or from a run that has ingested its files, to hints. Nothing here stops
a run: what does, the run says itself (publish/monthly.py, `rehearse`). Changes nothing, reads no
delivered file, and never shows a value that may be a secret.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

import polars as pl

from roi_pipeline import scenario_examination as scenarios
from roi_pipeline import warehouse
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.discovery import discover
from roi_pipeline.pipeline.run import Run
from roi_pipeline.portfolio import DATASETS, FILE, REFERENCES, Portfolio
from roi_pipeline.scenario_examination import Hint
from roi_pipeline.words import count
from roi_pipeline.written import choices

__all__ = ["Hint", "of_deliveries", "of_portfolio", "of_tables"]

FREE_BYTES = 2 * 10**9
_FOR_SOME = ("facilities", "edge_fleets", "indirect_values", "cost_waivers")  # not for everyone
_NEEDS: tuple[tuple[str, str, str], ...] = (
    (
        *("prices", "no price"),
        "add a row for each driver: a driver that is counted and has no price stops the run",
    ),
    (
        *("baselines", "no baseline"),
        "measure the process before it; without one the value is gross and decides nothing",
    ),
    (
        *("terms", "no terms"),
        "add what was agreed, at least hurdle_rate_annual; the defaults stand until then",
    ),
)


def of_portfolio(portfolio: Portfolio) -> Iterator[Hint]:
    """What needs no file to be read: paths without files, worked examples that differ, disk."""
    yield from _missing_tables(portfolio)
    yield from _sources(portfolio)
    yield from _room(portfolio)
    yield from scenarios.own_scenarios(portfolio.folder)


def of_deliveries(run: Run, since: datetime) -> Iterator[Hint]:
    """The quarantined rows of files ingested since an instant, by dataset and reason."""
    columns = ("dataset", "delivery_id", "path", "received_at")
    receipts = warehouse.frame_of(run.con, "main.deliveries").select(columns)
    rows = warehouse.frame_of(run.con, "quarantine").select(
        "dataset", "delivery_id", "row_no", "reason"
    )
    groups = (
        rows.join(receipts.filter(pl.col("received_at") >= since), on=["dataset", "delivery_id"])
        .sort("dataset", "reason", "path", "row_no")
        .group_by("dataset", "reason", maintain_order=True)
        .agg(pl.first("path", "row_no"), pl.len())
    )
    for group in groups.iter_rows(named=True):
        number, what = group["len"], f"{group['reason']}: quarantined, counted nowhere"
        if number > 1:
            what += f" (the first of {number} such rows of {group['dataset']})"
        where = f"{group['path']} row {group['row_no']}"
        yield Hint(where, what, "correct the file and deliver it again, or leave it so")


def of_tables(run: Run, refused: Collection[str]) -> Iterator[Hint]:
    """What the tables that people edit lack or have too much of; `refused` datasets are unknown."""
    tables = {name: run.frame(name) for name in REFERENCES if name not in refused}
    for check in (_named_systems, _systems, _signatures, _scenarios):
        yield from check(run, tables)


Tables = dict[str, pl.DataFrame]
Check = Callable[[Run, Tables], Iterator[Hint]]


def _missing_tables(portfolio: Portfolio) -> Iterator[Hint]:
    for name in REFERENCES:
        file = f"reference/{name}.csv"
        if name not in _FOR_SOME and not (portfolio.folder / file).is_file():
            yield Hint(file, "missing, read as empty", "add it with its header line")


def _sources(portfolio: Portfolio) -> Iterator[Hint]:
    """Paths that match nothing."""
    for position, source in enumerate(portfolio.sources):
        landed = source.is_local and discover(portfolio, source.dataset)
        if source.is_local and not any(found.source.id == source.id for found in landed or ()):
            what = f"no file matches {source.path!r}"
            where = f"{FILE}: sources[{position}].path"
            yield Hint(where, what, "deliver a file, or correct the path")
    if not portfolio.sources:
        yield Hint(FILE, "no sources", f"name them: {', '.join(DATASETS)}")


def _room(portfolio: Portfolio) -> Iterator[Hint]:
    free = shutil.disk_usage(portfolio.folder).free
    if free < FREE_BYTES:
        what = f"{free / 10**9:.1f} GB free on this disk"
        remedy = f"make room: a run wants {FREE_BYTES / 10**9:.0f} GB"
        yield Hint(str(portfolio.folder), what, remedy)


def _named_systems(run: Run, tables: Tables) -> Iterator[Hint]:
    """Rows for a system that portfolio.yaml does not have."""
    known = [system.id for system in run.portfolio.systems]
    for name, table in tables.items():
        if "system_id" not in CONTRACTS[name].names:
            continue
        named = Counter(table["system_id"].drop_nulls().to_list())
        for system_id in sorted({*named} - {"{value}", *known}):
            rows = count(named[system_id], "row")
            what = f"{rows} for one system that {FILE} does not have"
            yield Hint(f"reference/{name}.csv", what, choices(system_id, known))


def _systems(run: Run, tables: Tables) -> Iterator[Hint]:
    """What each system needs to be worth something, and to have a status."""
    for system in run.portfolio.systems:
        for name, what, remedy in _NEEDS:
            if name in tables and tables[name].filter(system_id=system.id).is_empty():
                yield Hint(f"reference/{name}.csv", f"{what} of {system.id!r}", remedy)


def _signatures(run: Run, tables: Tables) -> Iterator[Hint]:
    """Whoever owns a system should not set its thresholds (method §8)."""
    if "terms" not in tables:
        return
    for system in run.portfolio.systems:
        owner = (system.owner or "").strip().lower()
        signed = tables["terms"].filter(system_id=system.id)["approved_by"].to_list()
        if owner and owner in {name.strip().lower() for name in signed}:
            what = f"{system.owner!r} owns {system.id!r} and approved its terms"
            yield Hint("reference/terms.csv", what, "let somebody else sign them")


def _scenarios(run: Run, tables: Tables) -> Iterator[Hint]:
    """What every system's scenario counts with."""
    if "baselines" in tables:
        for system in run.portfolio.systems:
            yield from scenarios.needs(system, run.tables[system.scenario], tables["baselines"])
