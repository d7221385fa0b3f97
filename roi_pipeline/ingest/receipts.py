"""What became of every delivery: the receipt tables, written in one transaction a file.

Knows the tables `deliveries`, `delivery_months`, `delivery_money`, `delivery_paths`, `quarantine`,
`refusals` and what must add up in them. Reads no delivered file.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.discovery import Found
from roi_pipeline.ingest.months import MonthRows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Seen = dict[tuple[str, str], tuple[Any, ...]]  # by path and reading

TABLES = """
create table if not exists deliveries (
    delivery_id varchar, dataset varchar, source_id varchar, path varchar, file_sha256 varchar,
    content_sha256 varchar, exported_at timestamptz, modified_at timestamptz, bytes bigint,
    format varchar, rows_read bigint, rows_accepted bigint, rows_quarantined bigint,
    rows_superseded bigint, money_total decimal(38,18), residue decimal(38,24),
    export_group varchar, notes json, received_at timestamptz, reading varchar,
    primary key (dataset, delivery_id)
);
create table if not exists delivery_months (
    dataset varchar, delivery_id varchar, month date, rows bigint, amount decimal(38,18),
    first_at timestamptz, last_at timestamptz, is_live boolean
);
create table if not exists delivery_money (
    dataset varchar, delivery_id varchar, month date, currency varchar, amount decimal(38,18)
);
create table if not exists delivery_paths (
    dataset varchar, path varchar, bytes bigint, modified_at timestamptz, delivery_id varchar,
    reading varchar
);
create table if not exists quarantine (
    dataset varchar, delivery_id varchar, row_no bigint, reason varchar, row json,
    month date, amount decimal(38,18)
);
create table if not exists refusals (
    path varchar, dataset varchar, source_id varchar, file_sha256 varchar, reason varchar,
    refused_at timestamptz
);
create or replace view receipt as from deliveries;
"""


@dataclass(frozen=True)
class Receipt:
    """What became of one delivered file; rows add up: read = accepted + quarantined + superseded.

    `warnings` are for the person who runs this: they refuse nothing.
    """

    delivery_id: str
    dataset: str
    source_id: str
    path: str
    file_sha256: str
    content_sha256: str
    exported_at: datetime | None
    modified_at: datetime
    bytes: int
    format: str
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_superseded: int
    money_total: Decimal | None
    residue: Decimal
    export_group: str
    reading: str | None
    notes: dict[str, object]
    months: tuple[date, ...] = ()
    is_new: bool = True

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the file, in sentences."""
        found = self.notes.get("warnings", [])
        return tuple(map(str, found)) if isinstance(found, list) else ()


_STORED = tuple(field.name for field in fields(Receipt) if field.name not in ("months", "is_new"))
# Instants are read as microseconds: DuckDB needs a further package to hand them over itself.
_READ = ", ".join(f"epoch_us({name})" if name.endswith("_at") else name for name in _STORED)


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the receipt tables where they are not yet there."""
    con.execute(TABLES)


def keep_only(con: duckdb.DuckDBPyConnection, known: Collection[str]) -> None:
    """Forget, in these tables, every delivery but those named (`dataset/delivery_id`)."""
    for table in (
        "deliveries",
        "delivery_months",
        "delivery_money",
        "delivery_paths",
        "quarantine",
    ):
        con.execute(
            f"delete from {table} where dataset || '/' || delivery_id not in "  # noqa: S608
            "(select unnest($known::varchar[]))",
            {"known": [*known]},
        )


def delivery_parts(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Every part of a delivery that counts in one month (None: it counts whole).

    Dataset, id, month, whether it is active, its first and last day, whether it was withdrawn, when
    the file was modified (microseconds since 1970), and its rows.
    """
    return con.execute(
        """
        select dataset, delivery_id, month, is_live, cast(first_at as date), cast(last_at as date),
            coalesce((notes ->> 'withdrawn') is not null, false), epoch_us(d.modified_at), rows
        from delivery_months as m join deliveries as d using (dataset, delivery_id)
        order by dataset, delivery_id, month nulls first
        """
    ).fetchall()


def corrected_datasets(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The datasets that have corrected deliveries."""
    found = con.execute(
        "select distinct dataset from deliveries where (notes ->> 'corrects') is not null"
    ).fetchall()
    return {dataset for (dataset,) in found}


def known(
    con: duckdb.DuckDBPyConnection, dataset: str, content_sha256: str, reading: str | None
) -> Receipt | None:
    """The receipt of a delivery that already brought these bytes, packed or not, as any name, and
    was read the same way."""
    found = con.execute(
        "select delivery_id from deliveries where dataset = $dataset "
        "and reading is not distinct from $reading "
        "and (content_sha256 = $sha256 or file_sha256 = $sha256)",
        {"dataset": dataset, "sha256": content_sha256, "reading": reading},
    ).fetchall()
    return of_delivery(con, dataset, found[0][0]) if found else None


def _receipt(row: Sequence[Any]) -> Receipt:
    values = dict(zip(_STORED, row, strict=True))
    for name in ("exported_at", "modified_at"):
        values[name] = (
            None if values[name] is None else _EPOCH + timedelta(microseconds=values[name])
        )
    return Receipt(**{**values, "notes": json.loads(values["notes"])}, is_new=False)


def of_delivery(con: duckdb.DuckDBPyConnection, dataset: str, delivery_id: str) -> Receipt:
    """The receipt of a stored delivery."""
    (row,) = con.execute(
        f"select {_READ} from deliveries where dataset = ? and delivery_id = ?",  # noqa: S608
        [dataset, delivery_id],
    ).fetchall()
    return _receipt(row)


def months_of_delivery(con: duckdb.DuckDBPyConnection, receipt: Receipt) -> tuple[date, ...]:
    """The months a stored delivery has rows in, in order."""
    rows = con.execute(
        "select month from delivery_months where dataset = ? and delivery_id = ? "
        "and month is not null order by month",
        [receipt.dataset, receipt.delivery_id],
    ).fetchall()
    return tuple(month for (month,) in rows)


def seen_paths(con: duckdb.DuckDBPyConnection, dataset: str) -> Seen:
    """Of every path and reading: the delivery it brought, its size and time (µs) at that time.

    Paths of unknown deliveries are left out: their folder is lost, or another process made it after
    the folders were read here.
    """
    rows = con.execute(
        "select path, reading, delivery_id, bytes, epoch_us(modified_at) from delivery_paths "
        "semi join deliveries using (dataset, delivery_id) "
        "where dataset = ? and reading is not null",
        [dataset],
    ).fetchall()
    return {(path, reading): tuple(told) for path, reading, *told in rows}


def is_unchanged(seen: Seen, found: Found, reading: str) -> bool:
    """Whether a file still has the size and the time it had when it was last read this way."""
    moment = (found.modified_at - _EPOCH) // timedelta(microseconds=1)
    return seen.get((found.path, reading), ("",))[1:] == (found.bytes, moment)


def reinstate(con: duckdb.DuckDBPyConnection, receipt: Receipt) -> None:
    """Let a withdrawn delivery count again; runs in the caller's transaction."""
    con.execute(
        "update deliveries set notes = json_merge_patch(notes, '{\"withdrawn\": null}') "
        "where dataset = ? and delivery_id = ?",
        [receipt.dataset, receipt.delivery_id],
    )


def record(
    con: duckdb.DuckDBPyConnection,
    receipt: Receipt,
    months: Sequence[MonthRows],
    malformed: Sequence[tuple[int, str]],
    received_at: datetime,
    *,
    is_live: bool = False,
) -> None:
    """Write a receipt; runs in the caller's transaction. The temporary table `quarantined`
    holds the quarantined rows that could be read. `is_live`: it counts, as all of its source do.

    Raises DataRefused when read is not accepted + quarantined + superseded, which rolls all back.
    """
    key = {"dataset": receipt.dataset, "delivery_id": receipt.delivery_id}
    if receipt.rows_quarantined > len(malformed):
        con.execute(
            "insert into quarantine select $dataset, $delivery_id, row_no, reason, row, month, "
            "amount from quarantined order by row_no",
            key,
        )
    if malformed:
        numbers, reasons = zip(*malformed, strict=True)
        con.execute(
            "insert into quarantine select $dataset, $delivery_id, unnest($numbers::bigint[]), "
            "unnest($reasons::varchar[]), null, null, null",
            {**key, "numbers": list(numbers), "reasons": list(reasons)},
        )
    con.executemany(
        "insert into delivery_months values (?, ?, ?, ?, ?, ?, ?, ?)",
        [[*key.values(), m.month, m.rows, m.amount, m.first_at, m.last_at, is_live] for m in months]
        or [[*key.values(), None, 0, None, None, None, is_live]],
    )
    _insert(con, receipt, received_at)
    _add_up(con, receipt)


def _insert(con: duckdb.DuckDBPyConnection, receipt: Receipt, received_at: datetime) -> None:
    values = {name: getattr(receipt, name) for name in _STORED}
    values |= {"notes": json.dumps(receipt.notes), "received_at": received_at}
    names = ", ".join(f"${name}" for name in values)
    con.execute(f"insert into deliveries ({', '.join(values)}) values ({names})", values)  # noqa: S608


def documents(
    con: duckdb.DuckDBPyConnection,
    receipt: Receipt,
    months: Sequence[MonthRows],
    received_at: datetime,
) -> dict[str, list[dict[str, str | None]]]:
    """What the receipt tables hold of a delivery that was recorded, by table, as texts.

    Which of its months count is decided again when they are read, unless its source is not named
    any more.
    """
    key: dict[str, str | None] = {"dataset": receipt.dataset, "delivery_id": receipt.delivery_id}
    notes = {"notes": json.dumps(receipt.notes), "received_at": _text(received_at)}
    stored = {name: _text(getattr(receipt, name)) for name in _STORED}
    active = con.execute(
        "select month from delivery_months "
        "where dataset = $dataset and delivery_id = $delivery_id and is_live",
        key,
    ).fetchall()
    parts = [
        {field.name: _text(getattr(part, field.name)) for field in fields(part)}
        | {"is_live": _text((part.month,) in active)}
        for part in months or [MonthRows(None, 0, None, None, None)]
    ]
    money = con.execute(
        "select month, currency, amount from delivery_money "
        "where dataset = $dataset and delivery_id = $delivery_id order by all",
        key,
    )
    return {
        "deliveries": [stored | notes],
        "delivery_months": [key | part for part in parts],
        "delivery_money": [
            key | {"month": _text(month), "currency": currency, "amount": _text(amount)}
            for month, currency, amount in money.fetchall()
        ],
    }


def _text(value: object) -> str | None:
    """A value as DuckDB reads it.

    >>> _text(Decimal("1E-18")), _text(datetime(2026, 10, 1, tzinfo=UTC)), _text(None)
    ('0.000000000000000001', '2026-10-01T00:00:00+00:00', None)
    """
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def remember_path(
    con: duckdb.DuckDBPyConnection, found: Found, delivery_id: str, reading: str
) -> None:
    """Note size and time of a file that was read, so that the next run need not read it again."""
    key = [found.source.dataset, found.path]
    con.execute(
        "delete from delivery_paths where dataset = ? and path = ? "
        "and (reading is null or reading = ?)",
        [*key, reading],
    )
    con.execute(
        "insert into delivery_paths values (?, ?, ?, ?, ?, ?)",
        [*key, found.bytes, found.modified_at, delivery_id, reading],
    )


def _add_up(con: duckdb.DuckDBPyConnection, receipt: Receipt) -> None:
    """Promise 11 and invariant 1, over what was stored, not over what was meant to be stored."""
    ((accepted, quarantined),) = con.execute(
        "select (select coalesce(sum(rows), 0) from delivery_months "
        "where dataset = $dataset and delivery_id = $id), "
        "(select count(*) from quarantine where dataset = $dataset and delivery_id = $id)",
        {"dataset": receipt.dataset, "id": receipt.delivery_id},
    ).fetchall()
    if receipt.rows_read != accepted + quarantined + receipt.rows_superseded:
        raise DataRefused(
            f"{receipt.path}: rows do not add up: {receipt.rows_read} read, {accepted} accepted, "
            f"{quarantined} quarantined, {receipt.rows_superseded} superseded; nothing was stored"
        )


def logs_in_order(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The ids of the deliveries of predictions and outcomes, the oldest version first."""
    found = con.execute(
        "select delivery_id from deliveries where dataset in ('predictions', 'outcomes') "
        "order by coalesce(exported_at, modified_at), path, delivery_id"
    ).fetchall()
    return tuple(name for (name,) in found)
