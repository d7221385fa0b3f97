"""Editions: what people read. An edition is a folder of Parquet files named by the checksum of its
content; `current.json` names the newest and is replaced in one move. Nothing in an edition changes.

Publication is a transaction over the store: an edition is refused unless every table is stored as
it should be for one set of inputs, one cut-off and this code, no guard has rows, and the checks of
exactly these rows passed.
"""

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from roi_pipeline import __version__, files, warehouse
from roi_pipeline.errors import CheckFailed, DataRefused, RoiError
from roi_pipeline.ingest import deliveries, readings
from roi_pipeline.models import registry
from roi_pipeline.pipeline import checks
from roi_pipeline.pipeline.closed_months import CURRENT
from roi_pipeline.pipeline.journal import Journal
from roi_pipeline.pipeline.run import Run
from roi_pipeline.pipeline.settings import Scope
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.quality import CheckOutcome, blocking

log = logging.getLogger(__name__)

PUBLICATION = "publication"
CHECK_RESULTS = "check_results"
MANIFEST = "edition.json"  # in every edition: what `current.json` says while it is current
DATABASE = "marts.duckdb"
CHECK_COLUMNS: Mapping[str, Any] = {
    **dict.fromkeys(("table_name", "check_name", "severity"), pl.String),
    "passed": pl.Boolean,
    "observed": pl.String,
    **dict.fromkeys(("failing", "rows"), pl.Int64),
    **dict.fromkeys(("error", "description"), pl.String),
    **dict.fromkeys(("month_first", "month_last"), pl.Date),
}


@dataclass(frozen=True)
class Edition:
    """What `current.json` says. `stored` names the fingerprint of every table-month it was made
    from, `deliveries` the deliveries that were active,
    `closed_months` the months closed before it."""

    name: str
    published_at: str
    as_of: str
    months: tuple[str, ...]
    code_version: str
    inputs_sha256: str
    tables: Mapping[str, Mapping[str, Any]]
    closed_months: tuple[str, ...] = ()
    time_zone: str = ""
    deliveries: tuple[str, ...] = ()
    stored: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """As written to `current.json` (contracts §4)."""
        return {"edition" if name == "name" else name: said for name, said in asdict(self).items()}


def publish(run: Run) -> Edition:
    """Write the marts as an edition and make it current; returns it.

    The same content gives the same name, so publishing it again changes no file: the publication
    row is that of the first time. A cut-off before the current edition's is a look back: it is
    written, and `current` stays. Raises RoiError for a table that is not built for this run and
    where another process published or closed meanwhile, CheckFailed for a table whose checks did
    not pass or were not run on these rows.
    """
    marts = run.portfolio.marts
    marts.mkdir(mode=0o755, parents=True, exist_ok=True)
    results = _passed(run)
    with publishing(marts):
        before = current(marts)
        edition = _write(run, marts, results)
        if before is not None and looks_back(run.portfolio, run.scope):
            log.info("edition %s looks back; current stays %s", edition.name, before.name)
            return edition
        _refuse_outrun(run, edition, before)
        if before is None or before.name != edition.name or not (marts / DATABASE).exists():
            folder = marts / edition.name
            warehouse.write_database(run.con, sorted(folder.glob("*.parquet")), marts / DATABASE)
        files.write_text(marts / CURRENT, _text(edition))
        run.published = edition.name
    return edition


def _refuse_outrun(run: Run, edition: Edition, before: Edition | None) -> None:
    """Raise RoiError where another process published or closed since the run was opened: what it
    knew may be more, so `current` must not go back to what this run knows."""
    closed = {f"{month:%Y-%m}" for month in Journal(run.portfolio.state / "journal").closings()}
    name = before.name if before else None
    if missed := sorted(closed & {*edition.months} - {*edition.closed_months}):
        raise RoiError(f"{missed[0]} was closed meanwhile; nothing was published: run again")
    if name not in (run.published, edition.name):
        raise RoiError(
            f"edition {name} was published meanwhile; what this run knows may be less, and nothing "
            "was published: run again"
        )


def refuse_unwritable(marts: Path) -> None:
    """Raise OSError, as `publish` would, where the folder of marts is there and cannot be written;
    leaves nothing behind."""
    if marts.exists():
        with tempfile.TemporaryFile(dir=marts):
            pass


def published_as(run: Run) -> Edition | None:
    """The current edition, when it is what this run would publish; else None."""
    edition = current(run.portfolio.marts)
    if edition is None or not all(run.is_current(name) for name in run.stored_tables()):
        return None
    if _identity(edition) != _identity(_described(run, edition.name, {})):
        return None
    return edition if not missing_files(run.portfolio.marts, edition) else None


def _identity(edition: Edition) -> tuple[object, ...]:
    return (edition.as_of, edition.months, edition.stored, edition.closed_months)


def _passed(run: Run) -> list[dict[str, Any]]:
    """The results of all checks as rows; refuses what is not built, not checked or not right."""
    if rejected := deliveries.rejected(run.con, run.portfolio):
        raise DataRefused(
            f"{rejected[0]} was rejected and is still there; nothing was published. Correct or "
            "remove it, then run `roi-pipeline run`, or materialize its dataset again"
        )
    if outdated := readings.outdated(run.con, run.portfolio):
        raise RoiError(
            f"{', '.join(outdated)}: read with other settings of its sources than portfolio.yaml "
            "has; nothing was published. Run `roi-pipeline run`, or materialize the datasets again"
        )
    stale = [name for name in run.stored_tables() if not run.is_current(name)]
    if stale:
        raise RoiError(
            f"{', '.join(stale[:5])}: not built for these inputs, months and cut-off; nothing was "
            "published. Build them first, or run `roi-pipeline run`"
        )
    run.refuse_guarded()
    rows: list[dict[str, Any]] = []
    failed: list[CheckOutcome] = []
    unchecked: list[str] = []
    for table in run.checked_tables():
        known = checks.known_outcomes(run, table)
        if known is None:
            unchecked.append(table)
        for span, outcomes in known or ():
            failed += blocking(outcomes)
            rows += [_result(outcome, span) for outcome in outcomes]
    if failed:
        named = ", ".join(f"{each.table} {each.name}" for each in failed[:5])
        raise CheckFailed(f"{named}: failed; nothing was published")
    if unchecked:
        raise CheckFailed(
            f"{', '.join(unchecked[:5])}: checks were not run on these rows; nothing was "
            "published. Run them first, or run `roi-pipeline run`"
        )
    return rows


def _result(outcome: CheckOutcome, span: checks.Span) -> dict[str, Any]:
    said = asdict(outcome)
    renamed = {"table_name": said.pop("table"), "check_name": said.pop("name")}
    return {**renamed, **said, "month_first": span[0], "month_last": span[1]}


def _write(run: Run, marts: Path, results: Sequence[Mapping[str, Any]]) -> Edition:
    """Write the folder of an edition, or the files that are missing from it; returns what it says.

    Raises RoiError when a file of it has other bytes than were published.
    """
    part = files.part_of(marts / "edition")
    part.mkdir()
    try:
        tables = {name: _copied(run, name, part) for name in run.marts()}
        frame = pl.DataFrame(results, schema=dict(CHECK_COLUMNS))
        file = part / f"{CHECK_RESULTS}.parquet"
        with warehouse.frame_query(run.con, frame) as query:
            warehouse.write_parquet(run.con, query, file)
        tables[CHECK_RESULTS] = {"rows": frame.height, "sha256": files.sha256_of(file)}
        name = sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:16]
        edition, folder = _described(run, name, tables), marts / name
        if first := _read(folder / MANIFEST):
            edition = replace(edition, published_at=first.published_at)
        row = pl.DataFrame([_publication(edition)])
        warehouse.write_frame(run.con, row, part / f"{PUBLICATION}.parquet")
        (part / MANIFEST).write_text(_text(edition), encoding="utf-8")
        if folder.exists():
            _restore_missing(part, folder)
            verify(folder, tables)
        else:
            _settle(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return edition


def _described(run: Run, name: str, tables: Mapping[str, Mapping[str, Any]]) -> Edition:
    return Edition(
        name=name,
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
        as_of=run.scope.as_of.isoformat() + "Z",
        months=tuple(f"{month:%Y-%m}" for month in run.scope.months),
        code_version=f"{__version__}+{registry.code(run.tables)[:12]}",
        inputs_sha256=run.inputs_sha256(),
        tables=tables,
        closed_months=tuple(f"{month:%Y-%m}" for month in run.closings),
        time_zone=run.portfolio.time_zone,
        deliveries=tuple(run.state.leaves.active_ids()),
        stored={name: run.state.named(name) for name in run.stored_tables()},
    )


def _copied(run: Run, name: str, part: Path) -> dict[str, Any]:
    """One table of the store as a file of the edition, with its rows and checksum."""
    (stored,) = run.state.files(name)
    target = part / f"{name}.parquet"
    shutil.copyfile(stored.path, target)
    if files.sha256_of(target) != stored.content:
        stored.path.unlink(missing_ok=True)
        raise RoiError(
            f"{stored.path}: was damaged and is removed; nothing was published. Run again, and it "
            "is built anew"
        )
    return {"rows": stored.rows, "sha256": stored.content}


def _publication(edition: Edition) -> dict[str, Any]:
    first, last = (f"{edition.months[at]}-01" for at in (0, -1))
    return {
        "edition": edition.name,
        "code_version": edition.code_version,
        "inputs_sha256": edition.inputs_sha256,
        "as_of": datetime.fromisoformat(edition.as_of).replace(tzinfo=None),
        "published_at": datetime.fromisoformat(edition.published_at),
        "month_first": datetime.fromisoformat(first).date(),
        "month_last": datetime.fromisoformat(last).date(),
    }


def looks_back(portfolio: Portfolio, scope: Scope) -> bool:
    """Whether the scope knows less than the current edition: it is published next to it.

    The end of the same month in a zone further east is no look back.
    """
    before = current(portfolio.marts)
    if before is None:
        return False
    last = date.fromisoformat(f"{before.months[-1]}-01")
    then = datetime.fromisoformat(before.as_of).replace(tzinfo=None)
    zone = before.time_zone or portfolio.time_zone
    moved = portfolio.model_copy(update={"time_zone": zone})
    if then == Scope.through(moved, last).as_of:
        then = Scope.through(portfolio, last).as_of
    return scope.as_of < then


def current(marts: Path) -> Edition | None:
    """The edition that `current.json` names, or None before the first."""
    return _read(marts / CURRENT)


def note_closed(marts: Path, edition: Edition, months: tuple[str, ...]) -> None:
    """Write into `current.json` which months are closed, so that a lost state does not reopen
    them before the next publication."""
    files.write_text(marts / CURRENT, _text(replace(edition, closed_months=months)))


def as_published(marts: Path, name: str) -> Edition | None:
    """What the folder of an edition says, as it was when it was written; None when it is gone."""
    return _read(marts / name / MANIFEST)


def _text(edition: Edition) -> str:
    return json.dumps(edition.document, indent=1) + "\n"


def _read(file: Path) -> Edition | None:
    found = files.read_json(file)
    if found is None:
        return None
    return Edition(
        name=found["edition"],
        published_at=found["published_at"],
        as_of=found["as_of"],
        months=tuple(found["months"]),
        code_version=found["code_version"],
        inputs_sha256=found["inputs_sha256"],
        tables=found["tables"],
        closed_months=tuple(found.get("closed_months", ())),
        time_zone=found.get("time_zone", ""),
        deliveries=tuple(found.get("deliveries", ())),
        stored=found.get("stored", {}),
    )


def verify(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise RoiError, naming the file, when an edition is not what it was when it was written."""
    for name, written in tables.items():
        file = folder / f"{name}.parquet"
        if not file.exists() or files.sha256_of(file) != written["sha256"]:
            raise RoiError(
                f"{file}: is not what was published (sha256 {written['sha256']}); restore the "
                "folder from a backup, or move it away and publish again"
            )


def missing_files(marts: Path, edition: Edition) -> list[Path]:
    """The files of an edition that are not there."""
    names = (*edition.tables, PUBLICATION)
    wanted = [*(marts / edition.name / f"{name}.parquet" for name in names), marts / DATABASE]
    return [file for file in wanted if not file.is_file()]


@contextmanager
def publishing(marts: Path) -> Iterator[None]:
    """One publication at a time: the folder, the database and the pointer belong together."""
    with (marts / ".lock").open("w", encoding="utf-8") as lock:
        warehouse.wait_for(lock)
        yield


def _restore_missing(part: Path, folder: Path) -> None:
    """Write the files of an edition that were lost again; the others stay as they are."""
    for file in part.iterdir():
        if not (folder / file.name).exists():
            file.chmod(0o444)
            files.settle(file, folder / file.name)


def _settle(part: Path, folder: Path) -> None:
    """Make a finished folder visible under its name, in one move."""
    for file in part.iterdir():
        file.chmod(0o444)
        files.sync(file)
    files.sync(part)
    os.replace(part, folder)
    files.sync(folder.parent)
