"""Whether a run would find anything to do: the question is answered in a second, the run is not.

A run gives the edition that is current again when the months and the cut-off are the same, every
landed file was read as it is now, the live deliveries and portfolio.yaml have the checksum in
current.json, and neither models, package nor libraries changed since. Everything else is a reason
to run. Imports no Dagster and no Great Expectations.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import date, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import duckdb

import roi_pipeline
from roi_pipeline import models, warehouse
from roi_pipeline.books import records
from roi_pipeline.books.scope import Scope
from roi_pipeline.books.session import Session
from roi_pipeline.code import code_sha256
from roi_pipeline.errors import RoiError
from roi_pipeline.ingest.discovery import discover
from roi_pipeline.ingest.readings import reading_of
from roi_pipeline.ingest.receipts import is_unchanged, seen_paths
from roi_pipeline.models import package_folder
from roi_pipeline.portfolio import DATASETS, REFERENCES, Portfolio
from roi_pipeline.publish import editions
from roi_pipeline.publish.editions import Edition

# Libraries that compute or judge numbers: another version of one is a reason to run.
LIBRARIES = ("duckdb", "polars", "great_expectations", "sqlglot")


def reason_to_run(
    portfolio: Portfolio, through: date, first: date | None, as_of: datetime | None
) -> str | None:
    """Why a run is needed, in words; None when the current edition is what a run would give."""
    edition = editions.current(portfolio.marts)
    if edition is None:
        return "nothing is published yet"
    scope = Scope.through(portfolio, through, as_of)
    asked = (tuple(f"{month:%Y-%m}" for month in scope.months), f"{scope.as_of.isoformat()}Z")
    if asked != (edition.months, edition.as_of):
        return f"the current edition ends with {edition.months[-1]} as known by {edition.as_of}"
    with closing(_reasons(portfolio, scope, edition, first)) as reasons:
        return next(reasons, None)


def _reasons(
    portfolio: Portfolio, scope: Scope, edition: Edition, first: date | None
) -> Generator[str, None, None]:
    """The quick questions before the slow ones."""
    yield from _missing_files(portfolio, edition)
    if changed := changed_code(datetime.fromisoformat(edition.published_at)):
        yield f"{changed} changed since the current edition was published"
        return
    if not portfolio.database.is_file():
        yield "the working database is not there"
        return
    try:
        with warehouse.opened(portfolio, read_only=True, wait_s=0) as con:
            found = models.load(portfolio.folder / "sql")
            yield from _news(Session(con, portfolio, found, scope), edition, first)
    except (RoiError, duckdb.Error):
        yield "the working database cannot be read now"


def _missing_files(portfolio: Portfolio, edition: Edition) -> Iterator[str]:
    folder = portfolio.marts / edition.name
    files = [folder / f"{name}.parquet" for name in (*edition.tables, editions.PUBLICATION)]
    for file in (*files, portfolio.marts / editions.DATABASE):
        if not file.is_file():
            yield f"{file} is missing"


def _news(session: Session, edition: Edition, first: date | None) -> Iterator[str]:
    """What the database says: landed files it has not read as they are, and other inputs."""
    if session.code_version != edition.code_version:
        yield f"the models changed ({edition.code_version} to {session.code_version})"
    if code_sha256(records.CODE) != edition.code_sha256:
        yield "the code or a library is not that of the current edition"
    for dataset in (*DATASETS, *REFERENCES):
        seen = seen_paths(session.con, dataset)
        for file in discover(session.portfolio, dataset):
            if not is_unchanged(seen, file, reading_of(session.portfolio, file.source)):
                yield f"{file.path} is new, or was changed or refused"
    if editions.inputs_sha256(session) != edition.inputs_sha256:
        yield "portfolio.yaml or the deliveries in use changed"
    yield from (f"{table}: {why}" for table, why in records.misfits(session.state))
    if records.books_sha256(session.state) != edition.books_sha256:
        yield "the books say something else than the current edition"
    folder = session.portfolio.marts / edition.name
    yield from _closed_since(session.con, folder)
    yield from _unchecked(folder, first)


def _closed_since(con: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[str]:
    """Months closed after the edition: publishing shows them as closed."""
    closed = warehouse.rows(con, "select month from closing order by 1")
    dim_month = warehouse.parquet((folder / "dim_month.parquet").resolve())
    shown = warehouse.rows(
        con,
        f"select month from {dim_month} where is_closed order by 1",  # noqa: S608
    )
    known = {f"{month:%Y-%m}" for (month,) in closed}
    if closed != shown or editions.ever_closed(folder.parent) - known:
        yield "months were closed since the current edition"


def _unchecked(folder: Path, first: date | None) -> Iterator[str]:
    """A wider range asks for checks of months that were not checked."""
    if first is None:
        return
    checks = folder / f"{editions.CHECK_RESULTS}.parquet"
    with duckdb.connect() as con:
        query = f"select min(month_first) from {warehouse.parquet(checks)}"  # noqa: S608
        ((found,),) = con.execute(query).fetchall()
    if found is None or found > first:
        yield f"the months from {first:%Y-%m} have not been checked"


def changed_code(since: datetime) -> str | None:
    """A file of the package, or a library, that is newer than an instant; None when all are older.

    The version number alone would miss a corrected line in a checkout.
    """
    folders = {
        Path(roi_pipeline.__file__).parent,
        package_folder("sql"),
        package_folder("expectations"),
    }
    files = [
        file
        for folder in folders
        for ending in ("*.py", "*.sql", "*.json")
        for file in folder.rglob(ending)
    ]
    for file in files:
        if file.stat().st_mtime > since.timestamp():
            return str(file)
    for library in LIBRARIES:
        spec = find_spec(library)
        if spec is None or spec.origin is None:
            continue
        if Path(spec.origin).stat().st_mtime > since.timestamp():
            return f"{library} {version(library.replace('_', '-'))}"
    return None
