"""Editions: what people read. An edition is a folder of Parquet files named by the checksum of its
content; `current.json` names the newest and is replaced in one move. Nothing in an edition changes.

Knows the marts by name and how to write files so that a reader sees all or nothing.
"""

import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline.books import records
from roi_pipeline.books.ledger import monthly_marts
from roi_pipeline.books.scope import Scope
from roi_pipeline.books.session import Session
from roi_pipeline.code import code_sha256
from roi_pipeline.errors import CheckFailed, RoiError
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import parquet, rows

log = logging.getLogger(__name__)

PUBLICATION = "publication"
CHECK_RESULTS = "check_results"
CURRENT = "current.json"
MANIFEST = "edition.json"  # in every edition: what `current.json` says while it is current
DATABASE = "marts.duckdb"
# Older drivers of BI tools read this storage version.
STORAGE = "v1.2.0"
REBUILD = "run `roi-pipeline run`, or materialize all assets of this partition"


@dataclass(frozen=True)
class Edition:
    """What `current.json` says."""

    name: str
    published_at: str
    as_of: str
    months: tuple[str, ...]
    code_version: str
    inputs_sha256: str
    tables: Mapping[str, Mapping[str, Any]]
    code_sha256: str = ""  # empty in editions of versions that did not say it
    closed_months: tuple[str, ...] = ()
    time_zone: str = ""
    books_sha256: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """As written to `current.json` (contracts §4)."""
        return {
            "edition": self.name,
            "published_at": self.published_at,
            "as_of": self.as_of,
            "months": list(self.months),
            "code_version": self.code_version,
            "inputs_sha256": self.inputs_sha256,
            "code_sha256": self.code_sha256,
            "closed_months": list(self.closed_months),
            "time_zone": self.time_zone,
            "books_sha256": self.books_sha256,
            "tables": dict(self.tables),
        }


def publish(session: Session) -> Edition:
    """Write the marts as an edition and make it current; returns it.

    The same content gives the same name, so publishing it again changes no file: check results and
    the publication row are those of the first time. A cut-off before the current edition's is a
    look back: it is written, and `current` stays.
    Writes what the tables hold; whoever publishes for people asks `refuse_unready` first.
    """
    marts = session.portfolio.marts
    marts.mkdir(mode=0o755, parents=True, exist_ok=True)
    _sweep(marts)
    part = marts / f".part-{os.getpid()}"
    part.mkdir()
    tables = {name: _write(session, part, name) for name in _tables(session)}
    content = {name: written for name, written in tables.items() if name != CHECK_RESULTS}
    name = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    folder, before = marts / name, current(marts)
    if folder.exists():
        verify(folder, before.tables if before is not None and before.name == name else content)
        tables[CHECK_RESULTS] = _written(session.con, folder / f"{CHECK_RESULTS}.parquet")
    edition = Edition(
        name=name,
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
        as_of=session.scope.as_of.isoformat() + "Z",
        months=tuple(f"{month:%Y-%m}" for month in session.scope.months),
        code_version=session.code_version,
        inputs_sha256=inputs_sha256(session),
        tables=tables,
        code_sha256=code_sha256(records.CODE),
        closed_months=closed_months(session.con),
        time_zone=session.portfolio.time_zone,
        books_sha256=records.books_sha256(session.state),
    )
    if folder.exists():
        shutil.rmtree(part)
    else:
        _write_publication(session.con, part, edition)
        (part / MANIFEST).write_text(_text(edition), encoding="utf-8")
        _settle(part, folder)
    if before is not None and looks_back(session.portfolio, session.scope):
        log.info("edition %s looks back to %s; current stays %s", name, edition.as_of, before.name)
        return edition
    if before is None or before.name != name or not (marts / DATABASE).exists():
        _write_database(session.con, marts, folder)
    _replace(marts / CURRENT, _text(edition))
    return edition


def refuse_unready(session: Session) -> None:
    """Raise RoiError when the tables do not belong together, CheckFailed when the checks of one did
    not pass on its rows as they are."""
    _refuse(records.misfits(session.state), RoiError, REBUILD)
    remedy = (
        "correct what failed, then run `roi-pipeline run`, or materialize all with their checks"
    )
    _refuse(records.check_misfits(session.state), CheckFailed, remedy)


def _refuse(found: Iterable[tuple[str, str]], kind: type[RoiError], remedy: str) -> None:
    """Raise an error that names every table once, by what is wrong with it."""
    by_reason: dict[str, list[str]] = {}
    for table, reason in found:
        by_reason.setdefault(reason, []).append(table)
    if by_reason:
        listed = "; ".join(f"{', '.join(names)}: {why}" for why, names in by_reason.items())
        raise kind(f"nothing was published: {listed}. Remedy: {remedy}")


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


def closed_months(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The months that the working database knows to be closed, as YYYY-MM, oldest first."""
    return tuple(f"{month:%Y-%m}" for (month,) in rows(con, "select month from closing order by 1"))


def ever_closed(marts: Path) -> set[str]:
    """Every month that the current edition or an earlier one says is closed, as YYYY-MM.

    Editions of versions whose manifest did not say it say it in `dim_month`.
    """
    manifests = [marts / CURRENT, *marts.glob(f"*/{MANIFEST}")]
    closed = {month for file in manifests if (said := _read(file)) for month in said.closed_months}
    edition = current(marts)
    file = marts / edition.name / "dim_month.parquet" if edition else None
    if file is not None and file.is_file():
        query = f"select strftime(month, '%Y-%m') from {parquet(file)} where is_closed"  # noqa: S608
        with duckdb.connect() as con:
            closed |= {month for (month,) in rows(con, query)}
    return closed


def note_closed(marts: Path, edition: Edition, months: tuple[str, ...]) -> None:
    """Write into `current.json` which months are closed, so that a lost state does not reopen
    them before the next publication."""
    _replace(marts / CURRENT, _text(replace(edition, closed_months=months)))


def named(marts: Path, name: str) -> Edition | None:
    """The edition of that name, current or not; None when there is none."""
    now = current(marts)
    return now if now is not None and now.name == name else _read(marts / name / MANIFEST)


def _text(edition: Edition) -> str:
    return json.dumps(edition.document, indent=1) + "\n"


def _read(file: Path) -> Edition | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Edition(
        found["edition"],
        found["published_at"],
        found["as_of"],
        tuple(found["months"]),
        found["code_version"],
        found["inputs_sha256"],
        found["tables"],
        found.get("code_sha256", ""),
        tuple(found.get("closed_months", ())),
        found.get("time_zone", ""),
        found.get("books_sha256", ""),
    )


def verify(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise RoiError, naming the file, when an edition is not what it was when it was written."""
    for name, written in tables.items():
        file = folder / f"{name}.parquet"
        if not file.exists() or _sha256(file) != written["sha256"]:
            raise RoiError(
                f"{file}: is not what was published (sha256 {written['sha256']}); restore the "
                "folder from a backup, or move it away and publish again"
            )


def inputs_sha256(session: Session) -> str:
    """One checksum over every live delivery, every reference file and portfolio.yaml."""
    live = rows(
        session.con,
        "select distinct dataset, delivery_id from delivery_months where is_live order by all",
    )
    settings = (session.portfolio.folder / "portfolio.yaml").read_bytes()
    return sha256(json.dumps(live).encode() + settings).hexdigest()


def _tables(session: Session) -> Sequence[str]:
    return [*sorted(monthly_marts(session.models)), CHECK_RESULTS]


def _write(session: Session, part: Path, name: str) -> dict[str, Any]:
    """One table as Parquet, in one order on every machine and with any number of threads."""
    table = name if name == CHECK_RESULTS else f"marts.{name}"
    described = rows(session.con, f"describe {table}")
    columns = [column for column, *_ in described]
    month = "month_last" if name == CHECK_RESULTS else "month"
    last = session.scope.months.last
    kept = f"where {month} <= date '{last.isoformat()}'" if month in columns else ""
    file = part / f"{name}.parquet"
    order = ", ".join(f'"{column}"' for column in columns)
    # Parquet has no HUGEINT, which is what a sum of counts is: it would become a DOUBLE.
    listed = ", ".join(
        f'cast("{column}" as bigint) as "{column}"' if kind == "HUGEINT" else f'"{column}"'
        for column, kind, *_ in described
    )
    session.con.execute(
        f"copy (select {listed} from {table} {kept} order by {order}) to '{_quoted(file)}' "  # noqa: S608
        "(format parquet, compression zstd, row_group_size 122880)"
    )
    return _written(session.con, file)


def _written(con: duckdb.DuckDBPyConnection, file: Path) -> dict[str, Any]:
    """What `current.json` says of a table."""
    (count,) = rows(con, f"select count(*) from {parquet(file)}")[0]  # noqa: S608
    return {"rows": int(count), "sha256": _sha256(file)}


def _write_publication(con: duckdb.DuckDBPyConnection, part: Path, edition: Edition) -> None:
    con.execute(
        f"copy (select $edition as edition, $code_version as code_version, "
        "$inputs as inputs_sha256, $as_of::timestamp as as_of, "
        "$published_at::timestamptz as published_at, $first::date as month_first, "
        f"$last::date as month_last) to '{_quoted(part / f'{PUBLICATION}.parquet')}' "
        "(format parquet)",
        {
            "edition": edition.name,
            "code_version": edition.code_version,
            "inputs": edition.inputs_sha256,
            "as_of": edition.as_of.removesuffix("Z"),
            "published_at": edition.published_at,
            "first": f"{edition.months[0]}-01",
            "last": f"{edition.months[-1]}-01",
        },
    )


def _write_database(con: duckdb.DuckDBPyConnection, marts: Path, folder: Path) -> None:
    """`marts.duckdb`: the edition's tables for tools that read a database, replaced whole.

    Opened by itself the file is the catalog `marts`, so `marts.roi_monthly` and `roi_monthly` both
    name a table. A reader that has the old file open keeps reading the old edition.
    """
    part = marts / f".{DATABASE}.part"
    part.unlink(missing_ok=True)
    con.execute(f"attach '{_quoted(part)}' as bi (storage_version '{STORAGE}')")
    try:
        for file in sorted(folder.glob("*.parquet")):
            con.execute(f"create table bi.{file.stem} as from {parquet(file)}")
        con.execute("checkpoint bi")
    finally:
        con.execute("detach bi")
    if Path(f"{part}.wal").exists():
        raise RoiError(f"{part}.wal was left behind; nothing was published, run again")
    part.chmod(0o444)
    _sync(part)
    os.replace(part, marts / DATABASE)


def _settle(part: Path, folder: Path) -> None:
    """Make a finished folder visible under its name, in one move."""
    for file in part.iterdir():
        file.chmod(0o444)
        _sync(file)
    _sync(part)
    os.replace(part, folder)
    _sync(folder.parent)


def _replace(file: Path, text: str) -> None:
    """Put text in the place of a file: a reader sees the old or the new, never a part."""
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="utf-8")
    _sync(part)
    os.replace(part, file)
    _sync(file.parent)


def _sweep(marts: Path) -> None:
    """Remove what an interrupted publication left."""
    for left in marts.glob(".*part*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
