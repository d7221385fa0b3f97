"""One file from its bytes to clean rows beside their final name, counted and compared.

Knows how reading, judging and landing follow each other, and what refuses a file whole. Stores no
receipt: nothing here is visible to anyone yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest import decimals, formats, fx, landing, manifest, repeats, rescue, tables
from roi_pipeline.ingest.casting import UUID
from roi_pipeline.ingest.columns import Contract
from roi_pipeline.ingest.contracts import CONTRACTS, REFERENCE_DATASETS
from roi_pipeline.ingest.discovery import Found
from roi_pipeline.ingest.events import SHAPES, reading
from roi_pipeline.ingest.events.shape import Shape
from roi_pipeline.ingest.faults import Malformed, refuse_forbidden, refuse_many_faults
from roi_pipeline.ingest.files import Inspected
from roi_pipeline.ingest.judging import Job
from roi_pipeline.ingest.landing import Rows
from roi_pipeline.ingest.layout import Table
from roi_pipeline.ingest.months import MonthRows, exact_sum, month_sql, months_of
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import use_threads

BYTES_A_ROW = 100  # of a log as text, to guess how many rows there are


@dataclass(frozen=True)
class Delivered:
    """A file to take in, with what is known of it before its rows are read."""

    found: Found
    delivery_id: str
    inspected: Inspected
    said: manifest.Manifest
    work: Path

    @property
    def contract(self) -> Contract:
        """What its dataset promises."""
        return CONTRACTS[self.found.source.dataset]

    @property
    def is_json(self) -> bool:
        """Whether its numbers are JSON's, where a point is the decimal sign."""
        return self.inspected.kind.startswith("jsonl") or self.found.source.format in SHAPES


@dataclass(frozen=True)
class Landed:
    """Clean rows in `part`, which can be selected from `rows` until the next file is read, and
    their accounts."""

    part: Path
    rows: str
    rows_read: int
    reasons: dict[str, int]
    malformed: Malformed
    superseded: int
    months: tuple[MonthRows, ...]
    exported_at: datetime | None
    residue: Decimal
    notes: dict[str, object]

    @property
    def quarantined(self) -> int:
        """Rows put aside."""
        return sum(self.reasons.values()) + len(self.malformed)

    @property
    def accepted(self) -> int:
        """Rows that count."""
        return sum(month.rows for month in self.months)

    @property
    def money_total(self) -> Decimal | None:
        """The money of the accepted rows, exact; None where no row has any."""
        return exact_sum([m.amount for m in self.months if m.amount is not None])


def land(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, delivered: Delivered, part: Path
) -> Landed:
    """Write the clean rows of a file to `part`; raises DataRefused and leaves nothing behind."""
    use_threads(con, portfolio, delivered.inspected.text.stat().st_size // BYTES_A_ROW)
    try:
        return _land(con, portfolio, delivered, part)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _land(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, delivered: Delivered, part: Path
) -> Landed:
    job, rows, malformed = _write(con, portfolio, delivered, part)
    counts, read = landing.count(con, job, rows), rows.count + len(malformed)
    has_faults = counts.faulty or counts.repeated
    reasons = landing.find_faults(con, job, rows) if has_faults else {}
    refuse_forbidden(con, job, reasons)
    dialect = delivered.found.source.dialect
    is_declared = dialect is not None and dialect.decimal == "."
    if not is_declared and not delivered.is_json:
        decimals.refuse_ambiguous(con, job)
    superseded = reasons.pop("", 0)
    refuse_many_faults(con, portfolio, job, read, reasons, malformed)
    if counts.repeated:
        repeats.refuse_conflicts(con, job, rows.sql)
    _compare_with_manifest(con, delivered, int(str(job.layout.notes.get("events", read))), rows.sql)
    if reasons:
        landing.quarantine(con, job, rows, counts, month_sql(job.contract, portfolio.time_zone))
    if has_faults:
        landing.keep_good(con, job, rows)
        counts = landing.count(con, job, rows)
    repeats.refuse_shared(con, portfolio, job, rows.sql)
    landing.finish(con, job, rows)
    return Landed(
        part,
        rows.sql,
        read,
        reasons,
        malformed,
        superseded,
        tuple(months_of(con, job.contract, rows.sql, portfolio.time_zone)),
        delivered.said.exported_at or counts.exported_at,
        counts.residue,
        _notes(job, reasons, malformed),
    )


def _write(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, delivered: Delivered, part: Path
) -> tuple[Job, Rows, Malformed]:
    """Write all rows, faulty ones too; returns how, the rows, and the unreadable ones."""
    name, inspected = delivered.found.path, delivered.inspected
    if shape := SHAPES.get(delivered.found.source.format):
        return _write_events(con, portfolio, delivered, shape, part)
    if inspected.kind == "parquet":
        table, rows = tables.parquet_table(con, inspected.text, name)
        job = _job(portfolio, delivered, table)
        try:
            written = landing.write(con, job, part)
        except duckdb.Error as error:
            raise tables.unreadable(error, name) from None
        return _counted(name, job, written, rows, ())
    if inspected.kind.startswith("csv") and not _is_ecb(delivered):
        job = _job(portfolio, delivered, tables.csv_table(inspected.text, inspected.header))
        try:
            whole = landing.write(con, job, part)
            if whole.count == inspected.rows:
                return job, whole, ()
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            pass  # a line that breaks the rules of CSV: the slow path says which
    rescued, header = _rescue(delivered)
    job = _job(portfolio, delivered, tables.rescued_table(rescued, header))
    written = landing.write(con, job, part)
    return _counted(name, job, written, rescued.rows, rescued.malformed)


def _write_events(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    delivered: Delivered,
    shape: Shape,
    part: Path,
) -> tuple[Job, Rows, Malformed]:
    """Write the predictions that a log of events tells of, and count the events as well."""
    name, inspected, source = delivered.found.path, delivered.inspected, delivered.found.source
    columns = reading.columns_of(shape, delivered.contract, source)
    table, events = None, inspected.rows
    if inspected.kind == "parquet":
        table, events = tables.parquet_table(con, inspected.text, name)
    records = reading.judged_records(con, inspected, name, table)
    identity = source.columns.get("prediction_id", "prediction_id")
    zones = (source.time_zone or "UTC", portfolio.time_zone)
    told = reading.tell(shape, records, columns, identity, delivered.work / "told.csv", name, zones)
    if told.events != events:
        raise DataRefused(f"{name}: {events} events counted, {told.events} read; send it again")
    had = told.seen | set(shape.gives)
    rescued = rescue.Rescued(told.path, told.rows, tuple(told.malformed), frozenset(had))
    job = _job(portfolio, delivered, tables.rescued_table(rescued, columns))
    job = replace(job, layout=replace(job.layout, unknown=(), notes=told.notes))
    written = landing.write(con, job, part)
    return _counted(name, job, written, told.rows, rescued.malformed)


def _counted(
    name: str, job: Job, written: Rows, rows: int, malformed: Malformed
) -> tuple[Job, Rows, Malformed]:
    if written.count + len(malformed) != rows:
        raise DataRefused(
            f"{name}: {rows} rows counted, {written.count} read and {len(malformed)} malformed; "
            "send it again"
        )
    return job, written, malformed


def _rescue(delivered: Delivered) -> tuple[rescue.Rescued, tuple[str, ...]]:
    inspected, source = delivered.inspected, delivered.found.source
    text, header, target = inspected.text, inspected.header, delivered.work / "rescued.csv"
    if _is_ecb(delivered):
        return fx.long_rows(text, header, target), fx.COLUMNS
    if inspected.kind.startswith("csv"):
        return rescue.csv_records(text, delivered.found.path, len(header), target), header
    if reader := formats.READERS.get(source.format):
        return reader(text, delivered.found.path, target)
    keys = _keys(delivered)
    rescued = rescue.json_records(text, keys, target)
    if rescued.rows != inspected.rows:
        raise DataRefused(
            f"{delivered.found.path}: {inspected.rows} lines counted, {rescued.rows} read"
        )
    return rescued, keys


def _keys(delivered: Delivered) -> tuple[str, ...]:
    """The keys of JSON lines that are read: of logs those of the contract, of others all."""
    if not delivered.contract.is_log:  # what is not read may still tell two rows apart
        return rescue.json_keys(delivered.inspected.text, delivered.found.path)
    columns = delivered.found.source.columns
    wanted = [columns.get(name, name) for name in delivered.contract.names]
    return tuple(dict.fromkeys(name for name in wanted if not name.startswith("=")))


def _is_ecb(delivered: Delivered) -> bool:
    header = delivered.inspected.header
    return delivered.contract.dataset == "fx" and bool(header) and fx.is_wide(header)


def _job(portfolio: Portfolio, delivered: Delivered, table: Table) -> Job:
    found, contract = delivered.found, delivered.contract
    source = found.source
    if contract.dataset in REFERENCE_DATASETS:  # people write their own time into their own files
        source = source.model_copy(update={"time_zone": portfolio.time_zone})
    if source.format in SHAPES:  # what they leave unsaid, they say of UTC
        source = source.model_copy(
            update={"format": "table", "time_zone": source.time_zone or "UTC"}
        )
    try:
        layout = formats.ADAPTERS[source.format](contract, source, table, found.path)
    except DataRefused as error:
        raise formats.with_likely_format(
            error, source, table.header, delivered.inspected.text
        ) from None
    size = delivered.inspected.text.stat().st_size
    return Job(contract, table, layout, delivered.delivery_id, source.id, found.path, size)


def _compare_with_manifest(
    con: duckdb.DuckDBPyConnection, delivered: Delivered, count: int, rows: str
) -> None:
    said, name = delivered.said, delivered.found.path
    manifest.check(said, name, rows=count)
    if said.total_billed_cost is not None and delivered.contract.dataset == "billing":
        total = con.execute(
            f"select coalesce(sum(billed_cost), 0) from {rows}"  # noqa: S608
        ).fetchall()[0][0]
        manifest.check(said, name, total_billed_cost=total)


def _notes(job: Job, reasons: dict[str, int], malformed: Sequence[object]) -> dict[str, object]:
    """What is worth knowing of a file later, e.g. the columns nobody reads."""
    layout = job.layout
    notes: dict[str, object] = dict(layout.notes)
    if layout.unknown:  # counted: a name that nobody knows may be data
        notes["unread_columns"] = len(layout.unknown)
    if reasons or malformed:
        notes["reasons"] = {**reasons, **({"malformed": len(malformed)} if malformed else {})}
    identity = layout.cells.get("prediction_id")
    if identity and identity.type == UUID:
        notes["id_type"] = UUID
    return notes
