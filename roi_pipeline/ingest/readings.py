"""How a delivered file was read, and what follows when its source is described differently.

A reading is everything of a source that decides which rows a file gives. Files read otherwise than
portfolio.yaml says now are read again; where the original is gone that is refused by name. Reads
receipts and paths; opens no delivered file.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

import duckdb

from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.discovery import is_there, sources_of
from roi_pipeline.ingest.live import settle
from roi_pipeline.ingest.months import depends_on_zone
from roi_pipeline.portfolio import FILE, REFERENCES, Portfolio, Source
from roi_pipeline.warehouse import transaction

# What of a source does not change the rows of a file: where it lies, what becomes of its rows.
_NOT_READ = {"path", "mechanism", "billed_by", "holds_part"}

_OUTDATED = """
select d.delivery_id, d.source_id, d.path, d.file_sha256, d.reading is null,
    exists (
        select 1 from delivery_months as m
        where m.dataset = d.dataset and m.is_live and (m.delivery_id = d.delivery_id
            or m.delivery_id in (select c.delivery_id from deliveries as c
                where c.dataset = d.dataset and (c.notes ->> 'corrects') = d.delivery_id))
    )
from deliveries as d
where d.dataset = $dataset and (d.notes ->> 'withdrawn') is null
    and (d.notes ->> 'corrects') is null
    and (d.reading is null or not list_contains($readings::varchar[], d.reading))
order by d.path, d.delivery_id
"""
_ANY_OUTDATED = """
select 1 from deliveries where dataset = $dataset
    and (reading is null or not list_contains($readings::varchar[], reading)) limit 1
"""
_READ_AGAIN = """
select distinct file_sha256, source_id from deliveries
where dataset = $dataset and list_contains($readings::varchar[], reading)
    and (notes ->> 'withdrawn') is null
"""


@dataclass(frozen=True)
class Outdated:
    """A delivery in use that was read otherwise than its source says now; its original is gone."""

    path: str
    source_id: str
    reason: str


def reading_of(portfolio: Portfolio, source: Source) -> str:
    """A checksum of what the rows of a source's files depend on, besides their bytes.

    Columns with their constants, format, dataset and time zone, and the source's id, which every
    row carries; the portfolio's zone where instants are given months or local times by it.
    """
    described = source.model_dump(mode="json", exclude=_NOT_READ)
    is_zoned = source.dataset in REFERENCES or depends_on_zone(CONTRACTS[source.dataset])
    zone = portfolio.time_zone if is_zoned else None
    return sha256(json.dumps([described, zone], sort_keys=True).encode()).hexdigest()[:32]


def delivery_id(file_sha256: str, reading: str) -> str:
    """The identity of a delivery: its bytes and how they are read."""
    return sha256(f"{file_sha256} {reading}".encode()).hexdigest()[:16]


def withdraw_outdated(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, dataset: str, rejected: Collection[str]
) -> list[Outdated]:
    """Withdraw what was read again, or can be; return the deliveries in use whose original is gone.

    `rejected` are the paths of files that this ingestion rejected: what they delivered before stays
    in use, and their own rejection says why. A delivery read by a version that kept no reading is
    withdrawn when its file was read again, and kept otherwise. Nothing is deleted: with the old
    settings the old rows count again.
    """
    named = {source.id: reading_of(portfolio, source) for source in sources_of(portfolio, dataset)}
    bound = {"dataset": dataset, "readings": list(named.values())}
    if not con.execute(_ANY_OUTDATED, bound).fetchall():
        return []
    found = con.execute(_OUTDATED, bound).fetchall()
    again = {*con.execute(_READ_AGAIN, bound).fetchall()}
    renamed = {sha for sha, _ in again}  # the same bytes under another id of a source
    for delivery, source_id, path, sha, is_unknown, _ in found:
        is_read = (sha, source_id) in again or (source_id not in named and sha in renamed)
        was_removed = source_id not in named and not is_unknown
        if is_read or (was_removed and is_there(portfolio, path)):
            _withdraw(con, dataset, delivery)
    # Where a newer file is withdrawn an older may count again. What stays undecided is reported at
    # the end of the ingestion.
    settle(con, sources_of(portfolio, dataset))
    return [
        Outdated(path, source_id, _remedy(path, source_id, source_id in named))
        for _, source_id, path, _, is_unknown, is_live in con.execute(_OUTDATED, bound).fetchall()
        if is_live and not is_unknown and path not in rejected
    ]


def _withdraw(con: duckdb.DuckDBPyConnection, dataset: str, delivery: str) -> None:
    """Neither the delivery nor a corrected version of it counts; its path is read when seen."""
    versions = (
        "select delivery_id from deliveries where dataset = $dataset "
        "and (delivery_id = $delivery or (notes ->> 'corrects') = $delivery)"
    )
    bound = {"dataset": dataset, "delivery": delivery}
    with transaction(con):
        for change in (
            "update deliveries set notes = json_merge_patch(notes, '{\"withdrawn\": true}')",
            "update delivery_months set is_live = false",
            "delete from delivery_paths",
        ):
            con.execute(
                f"{change} where dataset = $dataset and delivery_id in ({versions})",
                bound,
            )


def _remedy(path: str, source_id: str, is_named: bool) -> str:
    if not is_named:
        return (
            f"{path}: was delivered by source {source_id}, which {FILE} does not name any more, "
            f"and the file is gone: name the source again (id: {source_id}), or put the file back"
        )
    return (
        f"{path}: was read with other settings of source {source_id} (dataset, format, columns or "
        f"time zone) than {FILE} has now, and the file with these bytes is gone: put it back so "
        "that it is read again, or restore the settings"
    )


def outdated(con: duckdb.DuckDBPyConnection, portfolio: Portfolio) -> list[str]:
    """The datasets with a delivery in use that was read otherwise than portfolio.yaml says now."""
    found = []
    for dataset in CONTRACTS:
        readings = [reading_of(portfolio, source) for source in sources_of(portfolio, dataset)]
        rows = con.execute(_OUTDATED, {"dataset": dataset, "readings": readings}).fetchall()
        if any(is_live and not is_unknown for *_, is_unknown, is_live in rows):
            found.append(dataset)
    return found
