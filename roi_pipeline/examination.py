"""What `doctor` checks: everything a run would stumble over, before it does.

A list of functions from a portfolio to findings. Changes nothing, opens no database, and never
shows a value that may be a secret.
"""

import gzip
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from roi_pipeline.edited_tables import Table, read_table
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest import correction_list, formats
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.discovery import Found, discover
from roi_pipeline.models import registry
from roi_pipeline.portfolio import DATASETS, FILE, REFERENCES, Portfolio, Source, load
from roi_pipeline.words import count
from roi_pipeline.written import choices

FREE_BYTES = 2 * 10**9
PII_KEY = "ROI_PII_KEY"


@dataclass(frozen=True)
class Finding:
    """Something to know before a run: an error stops it, a warning makes it say less."""

    level: Literal["error", "warning"]
    where: str
    what: str
    remedy: str


Check = Callable[[Portfolio], Iterator[Finding]]


def examine(folder: Path) -> list[Finding]:
    """Every finding, errors first; an empty list means ready to run.

    A portfolio.yaml that cannot be read ends the examination with what is wrong in it.
    """
    try:
        portfolio = load(folder)
    except ConfigurationError as error:
        return [_told(line, folder / FILE) for line in str(error).splitlines()]
    findings = [finding for check in CHECKS for finding in check(portfolio)]
    return sorted(findings, key=lambda finding: finding.level)


def _told(line: str, file: Path) -> Finding:
    """A line of a ConfigurationError, taken apart: file, what, remedy."""
    text = line.removeprefix(f"{file}: ")
    what, _, remedy = text.partition(": ") if ": " in text else text.partition("; ")
    return Finding("error", str(file), what, remedy)


_FOR_SOME = ("facilities", "edge_fleets", "indirect_values", "cost_waivers")  # not for everyone


def _references(portfolio: Portfolio) -> Iterator[Finding]:
    """Headers and values of the tables people edit."""
    for name in REFERENCES:
        file = f"reference/{name}.csv"
        if not (portfolio.folder / file).is_file():
            if name in _FOR_SOME:
                continue
            yield Finding("warning", file, "missing, read as empty", "add it with its header line")
            continue
        for fault in _table(portfolio, name).faults:
            level: Literal["error", "warning"] = "error" if fault.is_fatal else "warning"
            yield Finding(level, f"{file}{fault.where}", fault.what, fault.remedy)


def _corrections(portfolio: Portfolio) -> Iterator[Finding]:
    """The keys of reference/corrections.yaml; whether its guards hold, a run says."""
    try:
        correction_list.read(portfolio.folder)
    except ConfigurationError as error:
        for line in str(error).splitlines():
            yield _told(line, portfolio.folder / correction_list.FILE)


def _named_systems(portfolio: Portfolio) -> Iterator[Finding]:
    """Rows for a system that portfolio.yaml does not have."""
    known = [system.id for system in portfolio.systems]
    for name in REFERENCES:
        named = Counter(row.get("system_id", "") for row in _table(portfolio, name).rows)
        for system_id in sorted({*named} - {"", "{value}", *known}):
            rows = count(named[system_id], "row")
            what = f"{rows} for one system that {FILE} does not have"
            yield Finding("warning", f"reference/{name}.csv", what, choices(system_id, known))


def _systems(portfolio: Portfolio) -> Iterator[Finding]:
    """What each system needs to be worth something, and to be judged."""
    for system in portfolio.systems:
        for name, level, what, remedy in _NEEDS:
            rows = _table(portfolio, name).rows
            if not any(row.get("system_id") == system.id for row in rows):
                yield Finding(level, f"reference/{name}.csv", f"{what} of {system.id!r}", remedy)


_NEEDS: tuple[tuple[str, Literal["error", "warning"], str, str], ...] = (
    (
        *("prices", "error", "no price"),
        "add a row for each driver: a driver that is counted and has no price stops the run",
    ),
    (
        *("baselines", "warning", "no baseline"),
        "measure the process before it; without one the value is gross and decides nothing",
    ),
    (
        *("terms", "warning", "no terms"),
        "add what was agreed, at least hurdle_rate_annual; the defaults stand until then",
    ),
)


def _scenarios(portfolio: Portfolio) -> Iterator[Finding]:
    """Worked examples of the portfolio's own scenarios, and what every system's counts with."""
    from roi_pipeline import scenario_examination as scenarios

    told = list(scenarios.own_scenarios(portfolio.folder))
    try:
        found = registry.load(portfolio.folder / "sql")
    except ConfigurationError:
        found = {}
    baselines, terms = _table(portfolio, "baselines"), _table(portfolio, "terms")
    for system in portfolio.systems if found else ():
        told += scenarios.needs(system, found[system.scenario], baselines.rows, terms.rows)
        told += scenarios.late_windows(system, baselines.rows) if not baselines.faults else ()
    for level, *rest in told:
        yield Finding("error" if level == "error" else "warning", *rest)


def _signatures(portfolio: Portfolio) -> Iterator[Finding]:
    """Whoever owns a system should not set its thresholds (method §8)."""
    terms = _table(portfolio, "terms").rows
    for system in portfolio.systems:
        owner = (system.owner or "").strip().lower()
        signed = {
            row.get("approved_by", "").strip().lower()
            for row in terms
            if row.get("system_id") == system.id
        }
        if owner and owner in signed:
            what = f"{system.owner!r} owns {system.id!r} and approved its terms"
            yield Finding("warning", "reference/terms.csv", what, "let somebody else sign them")


def _shares(portfolio: Portfolio) -> Iterator[Finding]:
    """Shares of one key and day add up to 1, or a part of the cost would vanish."""
    totals: dict[tuple[str, str], Decimal] = {}
    table = _table(portfolio, "allocation")
    for row in table.rows if not table.faults else ():
        if row["share"]:
            key = (row["allocation_key"], row["valid_from"])
            totals[key] = totals.get(key, Decimal(0)) + Decimal(row["share"])
    for (name, since), total in totals.items():
        if total != 1:
            what = f"the shares of {name!r} from {since} add up to {total}"
            yield Finding("error", "reference/allocation.csv", what, "make them add up to 1")


def _sources(portfolio: Portfolio) -> Iterator[Finding]:
    """Paths that match nothing, and names the contract does not have."""
    for position, source in enumerate(portfolio.sources):
        where = f"{FILE}: sources[{position}]"
        names = CONTRACTS[source.dataset].names
        for name in source.columns:
            if name not in names:
                yield Finding(
                    "error", f"{where}.columns", f"unknown {name!r}", choices(name, names)
                )
        if source.is_local and not _landed(portfolio, source):
            what = f"no file matches {source.path!r}"
            yield Finding("warning", f"{where}.path", what, "deliver a file, or correct the path")
    if not portfolio.sources:
        yield Finding("warning", FILE, "no sources", f"name them: {', '.join(DATASETS)}")


def _formats(portfolio: Portfolio) -> Iterator[Finding]:
    """Bills of another format than their source says, by the start of its newest file."""
    for position, source in enumerate(portfolio.sources):
        landed = _landed(portfolio, source) if source.dataset == "billing" else []
        if not (source.is_local and landed):
            continue
        newest = max(landed, key=lambda found: (found.modified_at, found.path))
        try:
            likely = formats.formats_at_start(_start(Path(newest.location)))
        except (OSError, EOFError):
            continue  # a file that is cut is refused by the run, by name
        if likely and source.format not in likely:
            what = f"{source.format}, but {newest.path} looks like {likely[0]}"
            remedy = f"write format: {likely[0]}"
            yield Finding("error", f"{FILE}: sources[{position}].format", what, remedy)


def _start(file: Path) -> bytes:
    """The first bytes of a file, unpacked."""
    with file.open("rb") as raw:
        is_packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        return (gzip.GzipFile(fileobj=raw) if is_packed else raw).read(formats.START_BYTES)


def _landed(portfolio: Portfolio, source: Source) -> list[Found]:
    return [found for found in discover(portfolio, source.dataset) if found.source.id == source.id]


def _environment(portfolio: Portfolio) -> Iterator[Finding]:
    """Secrets are looked for, never shown."""
    maps_people = [source for source in portfolio.sources if "entity_id" in source.columns]
    if maps_people and not os.environ.get(PII_KEY):
        what = f"not set, and the source {maps_people[0].id!r} maps entity_id"
        yield Finding(
            "error", PII_KEY, what, "export a long random key, and keep it: it is the hash"
        )


def _room(portfolio: Portfolio) -> Iterator[Finding]:
    """Folders that can be written, and enough space in them."""
    for folder in (portfolio.state, portfolio.marts):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            yield Finding("error", str(folder), "cannot be written", f"allow writing in {there}")
    free = shutil.disk_usage(portfolio.folder).free
    if free < FREE_BYTES:
        what = f"{free / 10**9:.1f} GB free on this disk"
        remedy = f"make room: a run wants {FREE_BYTES / 10**9:.0f} GB"
        yield Finding("warning", str(portfolio.folder), what, remedy)


def _duckdb(_: Portfolio) -> Iterator[Finding]:
    found = version("duckdb")
    if not (1, 5, 6) <= tuple(int(part) for part in found.split(".")[:3]) < (3,):
        yield Finding("error", "duckdb", f"version {found}", "install duckdb>=1.5.6,<3")


def _table(portfolio: Portfolio, name: str) -> Table:
    file = portfolio.reference / f"{name}.csv"
    return read_table(file, CONTRACTS[name]) if file.is_file() else Table((), ())


CHECKS: tuple[Check, ...] = (
    *(_references, _corrections, _named_systems, _systems, _signatures, _scenarios, _shares),
    *(_sources, _formats, _environment, _room, _duckdb),
)
