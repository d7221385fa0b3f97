"""Take in what has landed: every file ends accepted with a receipt, unchanged, or refused.

The only door through which data enters (contracts §3). A clean file is written beside its name,
moved there, and becomes visible when its receipt commits; whatever happens before leaves nothing
but a file that `sweep` removes.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest import (
    accounts,
    claims,
    correction_list,
    corrections,
    files,
    formats,
    manifest,
    months,
    pages,
    plausible,
    readings,
    receipt_files,
    receipts,
)
from roi_pipeline.ingest.accepting import Delivered, Landed, land
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.discovery import (
    Found,
    discover,
    fetch,
    fetch_manifest,
    is_there,
    sources_of,
    stamp,
    under_own_name,
    workspace,
)
from roi_pipeline.ingest.live import create_views, settle, settle_source
from roi_pipeline.ingest.receipt_files import CLEAN
from roi_pipeline.ingest.receipts import Receipt, create_tables
from roi_pipeline.ingest.rejections import rejection_of
from roi_pipeline.masking import printable
from roi_pipeline.portfolio import Portfolio, Source
from roi_pipeline.warehouse import count_matching, transaction

__all__ = [
    "Found",
    "IngestReport",
    "Receipt",
    "Refusal",
    "create_tables",
    "create_views",
    "discover",
    "ingest",
    "open_receipts",
    "rejected",
    "take_in",
]


@dataclass(frozen=True)
class Refusal:
    """A file of which nothing was ingested, and why."""

    path: str
    dataset: str
    source_id: str
    file_sha256: str | None
    reason: str


@dataclass(frozen=True)
class IngestReport:
    """What became of the files of one dataset."""

    dataset: str
    receipts: tuple[Receipt, ...]
    unchanged: tuple[str, ...]
    refused: tuple[Refusal, ...]

    @property
    def months(self) -> tuple[date, ...]:
        """The months that new deliveries have rows in, in order."""
        return tuple(sorted({month for receipt in self.receipts for month in receipt.months}))


def ingest(con: duckdb.DuckDBPyConnection, portfolio: Portfolio, dataset: str) -> IngestReport:
    """Take in every new file of a dataset; a refused one does not keep the others out, whatever
    exception its bytes, its manifest or its name end in.

    The table `refusals` holds afterwards what this run refused of the dataset. Raises what no
    single file is the reason for: ConfigurationError, a full disk, exhausted memory.
    """
    create_tables(con)
    taken: list[Receipt] = []
    unchanged: list[str] = []
    refused: list[Refusal] = []
    seen = receipts.seen_paths(con, dataset)
    files_found = claims.claimed(con, portfolio, dataset, discover(portfolio, dataset))
    known = {
        found.key
        for found in files_found
        if receipts.is_unchanged(seen, found, readings.reading_of(portfolio, found.source))
    }
    for found in pages.joined(portfolio, files_found, known):
        if found.key in known and not found.fault:
            unchanged.append(found.path)
            continue
        try:
            receipt = _take_in(con, portfolio, found)
        except Exception as error:
            refused.append(_refusal(found, rejection_of(con, error, found.path)))
            continue
        if receipt.is_new:
            taken.append(receipt)
        else:
            unchanged.append(found.path)
    rejected = {refusal.path for refusal in refused}
    for gone in readings.withdraw_outdated(con, portfolio, dataset, rejected):
        refused.append(Refusal(gone.path, dataset, gone.source_id, None, gone.reason))
    try:
        taken += corrections.apply(con, portfolio, dataset)
    except DataRefused as error:
        refused.append(Refusal(correction_list.FILE, dataset, dataset, None, str(error)))
    finally:  # a mistake in the corrections hides no rejection
        is_same = len(known) == len(files_found) and not (taken or refused)
        _finish(con, portfolio, dataset, refused, is_same=is_same)
    return IngestReport(dataset, tuple(taken), tuple(unchanged), tuple(refused))


def take_in(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, source: Source, found: Found
) -> Receipt:
    """Land one file and return its receipt; bytes that came before give the first receipt again.

    Raises DataRefused for a file that cannot be trusted as a whole: nothing of it is stored.
    """
    create_tables(con)
    return _take_in(con, portfolio, replace(found, source=source))


def _take_in(con: duckdb.DuckDBPyConnection, portfolio: Portfolio, found: Found) -> Receipt:
    work = workspace(portfolio)
    try:
        return _read(con, portfolio, found, work)
    finally:
        for left in work.iterdir():
            left.unlink()


def _read(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, found: Found, work: Path
) -> Receipt:
    if found.fault:
        raise DataRefused(f"{found.path}: {found.fault}")
    fetched = fetch(portfolio, found)
    before, path = stamp(fetched), under_own_name(portfolio, fetched)
    sha256 = files.sha256_of(path)
    said = manifest.read(fetch_manifest(portfolio, found), found.path)
    manifest.check(said, found.path, sha256=sha256)
    dataset, reading = found.source.dataset, readings.reading_of(portfolio, found.source)
    if first := receipts.known(con, dataset, sha256, reading):
        return _again(con, portfolio, found, first, reading)
    inspected = files.inspect(path, found.path, sha256, work)
    content = inspected.content_sha256
    if content != sha256 and (first := receipts.known(con, dataset, content, reading)):
        return _again(con, portfolio, found, first, reading)
    if inspected.is_cut and said.sha256 is None and not _is_document(found, inspected):
        cut = DataRefused(f"{found.path}: the last line has no line end: cut; send it again")
        raise formats.with_likely_format(cut, found.source, inspected.header, inspected.text)
    delivered = Delivered(found, readings.delivery_id(sha256, reading), inspected, said, work)
    landed = land(con, portfolio, delivered, work / CLEAN)
    if stamp(fetched) != before:
        raise DataRefused(f"{found.path}: changed while it was read; the next run reads it again")
    return _store(con, portfolio, delivered, sha256, reading, landed)


def _is_document(found: Found, inspected: files.Inspected) -> bool:
    """A JSON document is whole or no JSON, whether its last line has an end or not."""
    return found.source.format in formats.READERS and inspected.kind.startswith("jsonl")


def _store(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    delivered: Delivered,
    sha256: str,
    reading: str,
    landed: Landed,
) -> Receipt:
    """Write the receipt, and with the clean rows keep it as one folder: all or nothing."""
    found, inspected = delivered.found, delivered.inspected
    held = accounts.held(con, delivered.contract, landed.rows)
    notes = landed.notes | ({"accounts": held} if held else {})
    if inspected.kind == "csv" and delivered.said.rows is None:
        version_at = landed.exported_at or found.modified_at
        warnings = plausible.compare(con, found, landed.months, version_at, held)
        notes |= {"warnings": warnings} if warnings else {}
    receipt = Receipt(
        delivery_id=delivered.delivery_id,
        dataset=found.source.dataset,
        source_id=found.source.id,
        path=found.path,
        file_sha256=sha256,
        content_sha256=inspected.content_sha256,
        exported_at=landed.exported_at,
        modified_at=found.modified_at,
        bytes=found.bytes,
        format=inspected.kind,
        rows_read=landed.rows_read,
        rows_accepted=landed.accepted,
        rows_quarantined=landed.quarantined,
        rows_superseded=landed.superseded,
        money_total=landed.money_total,
        residue=landed.residue,
        export_group=found.export_group,
        reading=reading,
        notes=notes,
        months=tuple(part.month for part in landed.months if part.month),
    )
    adds, now = found.source.mechanism == "append", datetime.now(UTC)
    with transaction(con):
        receipts.record(con, receipt, landed.months, landed.malformed, now, is_live=adds)
        months.keep_money(con, CONTRACTS[receipt.dataset], receipt.delivery_id, landed.rows)
        receipts.remember_path(con, found, receipt.delivery_id, reading)
        if not adds:
            settle_source(con, found.source)
        receipt_files.keep(con, portfolio, receipt, landed.months, now, landed.part)
    return receipt


def _again(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    found: Found,
    first: Receipt,
    reading: str,
) -> Receipt:
    """Bytes that came before change nothing, but for two cases: a person who edits a file and puts
    the old text back wants the old text, so the first delivery becomes the newest of its path; and
    a source that is described as it once was has its first delivery back."""
    last = receipts.seen_paths(con, first.dataset).get((found.path, reading))
    is_back = bool(first.notes.get("withdrawn"))
    is_put_back = (
        found.source.mechanism == "overwrite"
        and first.path == found.path
        and last is not None
        and last[0] != first.delivery_id
        and found.modified_at > first.modified_at
    )
    with transaction(con):
        receipts.remember_path(con, found, first.delivery_id, reading)
        if is_back:
            receipts.reinstate(con, first)
        if is_put_back:
            con.execute(
                "update deliveries set modified_at = ? where dataset = ? and delivery_id = ?",
                [found.modified_at, first.dataset, first.delivery_id],
            )
            receipt_files.put_back(portfolio, first.dataset, first.delivery_id, found.modified_at)
        if is_put_back or is_back:
            settle_source(con, found.source)
    if not is_put_back and not is_back:
        return first
    return replace(first, is_new=True, months=receipts.months_of_delivery(con, first))


def _refusal(found: Found, error: DataRefused) -> Refusal:
    """What is kept of a rejection; the file may be gone by now, or not be readable."""
    sha256 = None
    with suppress(OSError):
        sha256 = files.sha256_of(Path(found.location)) if found.is_local else None
    reason = printable(str(error))
    return Refusal(found.path, found.source.dataset, found.source.id, sha256, reason)


def _finish(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    dataset: str,
    refused: list[Refusal],
    *,
    is_same: bool,
) -> None:
    """Write the refusals of this run; a source whose mechanism changed is settled anew.

    Where every file is the same as before (`is_same`) nothing is left to do, unless bills are
    undecided or a file that was rejected is gone.
    """
    had_refusals = count_matching(con, "refusals", {"dataset": dataset})
    if is_same and not had_refusals and dataset != "billing":
        return
    now = datetime.now(UTC)
    with transaction(con):
        for source in sources_of(portfolio, dataset):
            for reason in settle(con, [source]):
                path = reason.partition(": ")[0]
                refused.append(Refusal(path, dataset, source.id, None, reason))
        con.execute("delete from refusals where dataset = ?", [dataset])
        for one in refused:
            values = [one.path, one.dataset, one.source_id, one.file_sha256, one.reason, now]
            con.execute("insert into refusals values (?, ?, ?, ?, ?, ?)", values)
    receipt_files.keep_index(con, portfolio, dataset)


def rejected(con: duckdb.DuckDBPyConnection, portfolio: Portfolio) -> list[str]:
    """The paths of files that were rejected when they were last read and are still there."""
    paths = con.execute("select distinct path from refusals order by path").fetchall()
    return [path for (path,) in paths if is_there(portfolio, path)]


def open_receipts(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, known: Collection[str] | None = None
) -> None:
    """Fill the receipt tables from what was ingested so far, and decide what is active.

    With `known` (`dataset/delivery_id`) only those deliveries are known: what an edition was made
    from, to be read again. Settings and corrections that came since are not applied to them.
    """
    create_tables(con)
    receipt_files.load(con, portfolio)
    if known is not None:
        receipts.keep_only(con, known)
    # What remains undecided is reported by the ingestion of the dataset.
    settle(con, (*portfolio.sources, *portfolio.reference_sources()))
    if known is not None:
        return
    for dataset in CONTRACTS:
        readings.withdraw_outdated(con, portfolio, dataset, ())
    corrected = {each.dataset for each in correction_list.read(portfolio.folder)}
    for dataset in sorted(corrected | receipts.corrected_datasets(con)):
        with suppress(DataRefused):  # the ingestion of the dataset says so
            corrections.apply(con, portfolio, dataset)
