"""Deliveries as folders: clean rows, quarantined rows and the receipt, written once.

    state/deliveries/<dataset>/<delivery>/clean.parquet, quarantine.parquet, receipt.json

A delivery exists when its folder does: it is made next to its name and moved there whole. The
receipt tables of an open run are read from these folders; nothing of them is stored twice.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline import files, warehouse
from roi_pipeline.ingest import receipts
from roi_pipeline.ingest.months import MonthRows
from roi_pipeline.ingest.receipts import Receipt
from roi_pipeline.portfolio import Portfolio

CLEAN, QUARANTINE, RECEIPT = "clean.parquet", "quarantine.parquet", "receipt.json"
AGAIN = "delivered_again.json"  # the same bytes were put back in the place of others
FORGOTTEN = "quarantine_content_removed"
QUARANTINE_KEPT = timedelta(days=90)
TABLES = ("deliveries", "delivery_months", "delivery_money")
INDEX = ("delivery_paths", "refusals")


def folder_of(portfolio: Portfolio, dataset: str, delivery_id: str) -> Path:
    """Where a delivery is kept."""
    return portfolio.state.resolve() / "deliveries" / dataset / delivery_id


def keep(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    receipt: Receipt,
    months: Sequence[MonthRows],
    received_at: datetime,
    clean: Path,
) -> None:
    """Write the folder of a delivery whose receipt is in the receipt tables; `clean` moves there.

    Another process that ingested the same bytes at the same time wrote the same: then nothing is
    left to do.
    """
    target = folder_of(portfolio, receipt.dataset, receipt.delivery_id)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = files.part_of(target)
    part.mkdir(mode=0o700)
    try:
        os.replace(clean, part / CLEAN)
        if receipt.rows_quarantined:
            _write_quarantine(con, receipt, part / QUARANTINE)
        said = receipts.documents(con, receipt, months, received_at)
        (part / RECEIPT).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        for file in part.iterdir():
            file.chmod(0o600)
            files.sync(file)
        files.sync(part)
        try:
            os.rename(part, target)
        except OSError:
            if not (target / RECEIPT).is_file():
                raise
        files.sync(target.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def put_back(portfolio: Portfolio, dataset: str, delivery_id: str, modified_at: datetime) -> None:
    """Note that an older delivery is the newest of its path again."""
    target = folder_of(portfolio, dataset, delivery_id) / AGAIN
    said = {"modified_at": modified_at.astimezone(UTC).isoformat()}
    files.write_text(target, json.dumps(said) + "\n")


def load(con: duckdb.DuckDBPyConnection, portfolio: Portfolio) -> None:
    """Fill the receipt tables of a connection from the folders."""
    found: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    quarantines = []
    for folder in _folders(portfolio):
        said = files.read_json(folder / RECEIPT)
        if said is None:
            continue
        again = files.read_json(folder / AGAIN)
        for receipt in said["deliveries"]:
            if again:
                receipt["modified_at"] = again["modified_at"]
        for table in TABLES:
            found[table] += said[table]
        if (folder / QUARANTINE).is_file():
            _forget_content(con, folder, said)
            quarantines.append(folder / QUARANTINE)
    for table, rows in found.items():
        warehouse.insert_documents(con, table, rows)
    if quarantines:
        con.execute(f"insert into quarantine by name {warehouse.files_query(quarantines)}")
    for index in sorted((portfolio.state.resolve() / "index").glob("*.json")):
        for table, rows in json.loads(index.read_text(encoding="utf-8")).items():
            warehouse.insert_documents(con, table, rows)


def keep_index(con: duckdb.DuckDBPyConnection, portfolio: Portfolio, dataset: str) -> None:
    """Write which paths of a dataset were read, with size and time, to spare reading them again,
    and which were rejected."""
    index = portfolio.state.resolve() / "index" / f"{dataset}.json"
    index.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    seen = {table: _documents(con, table, dataset) for table in INDEX}
    text = json.dumps(seen, indent=1) + "\n"
    if not index.is_file() or index.read_text(encoding="utf-8") != text:
        files.write_text(index, text)


def _forget_content(con: duckdb.DuckDBPyConnection, folder: Path, said: dict[str, Any]) -> None:
    """Quarantined rows lose their content after 90 days; number, reason and amount stay."""
    received_at = datetime.fromisoformat(said["deliveries"][0]["received_at"])
    forgotten = folder / FORGOTTEN
    if datetime.now(UTC) - received_at < QUARANTINE_KEPT or forgotten.is_file():
        return
    rows = warehouse.parquet(folder / QUARANTINE)
    with files.replacing(folder / QUARANTINE) as part:
        con.execute(
            f"copy (select * replace (null::json as row) from {rows}) "  # noqa: S608
            f"to {warehouse.literal(part)} (format parquet, compression zstd)"
        )
        part.chmod(0o600)
    files.write_text(forgotten, "")


def _folders(portfolio: Portfolio) -> Iterator[Path]:
    top = portfolio.state.resolve() / "deliveries"
    for folder in sorted(top.glob("*/*")):
        if not folder.name.startswith("."):
            yield folder


def _documents(
    con: duckdb.DuckDBPyConnection, table: str, dataset: str
) -> list[dict[str, str | None]]:
    """The rows of a receipt table of a dataset, every value as text."""
    names = [*warehouse.described(con, f"from {table}")]
    columns = ", ".join(f'"{column}"::varchar' for column in names)
    query = f"select {columns} from {table} where dataset = ? order by all"  # noqa: S608
    return [dict(zip(names, row, strict=True)) for row in warehouse.rows(con, query, [dataset])]


def _write_quarantine(con: duckdb.DuckDBPyConnection, receipt: Receipt, file: Path) -> None:
    """Write the quarantined rows of a delivery."""
    same = "dataset = $dataset and delivery_id = $delivery_id"
    con.execute(
        f"copy (select * from quarantine where {same} order by row_no, reason) "  # noqa: S608
        f"to {warehouse.literal(file)} (format parquet, compression zstd)",
        {"dataset": receipt.dataset, "delivery_id": receipt.delivery_id},
    )
