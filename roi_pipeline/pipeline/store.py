"""Table-months as immutable files, named by the fingerprint of what they were made from.

    tables/<table>/<2026-10 | whole>/<fingerprint>.parquet   rows, in one order
    tables/<table>/<2026-10 | whole>/<fingerprint>.json      number of rows, checksum

A whole table may keep what is dear to compute for a month as tables/<table>/<2026-10>/<…>.json.

The same fingerprint means the same bytes, so two processes that build one file at once do no harm,
and any of these files may be deleted: the next run builds it again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from roi_pipeline import files, warehouse
from roi_pipeline.code import code_sha256
from roi_pipeline.marts.reading import Document
from roi_pipeline.portfolio import Portfolio

WRITER = 1  # part of every fingerprint: raise it when `run` would put other rows into files
NAMED = 32  # hexadecimal digits of a fingerprint in a file's name


@cache
def writer() -> str:
    """What every file depends on apart from its table: how deliveries are read, files written."""
    return f"{WRITER} {code_sha256(__name__, 'roi_pipeline.ingest.live')}"


@dataclass(frozen=True)
class Stored:
    """One file of the store: its rows, and the checksum of its bytes."""

    path: Path
    rows: int
    content: str


@dataclass(frozen=True)
class Store:
    """The files of one portfolio (state/tables)."""

    folder: Path

    @classmethod
    def of(cls, portfolio: Portfolio) -> "Store":
        """The store of a portfolio."""
        return cls(portfolio.state.resolve() / "tables")

    def find(self, table: str, month: date | None, fingerprint: str) -> Stored | None:
        """The stored file of a fingerprint, None when it is not there whole."""
        path = self._path(table, month, fingerprint)
        said = files.read_json(path.with_suffix(".json"))
        if said is None or not path.is_file():
            return None
        return Stored(path, said["rows"], said["content"])

    def put(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        month: date | None,
        fingerprint: str,
        query: str,
    ) -> Stored:
        """Write the rows of a query, ordered by all columns, and describe them; returns the file.

        With any number of threads and on any machine the same rows give the same bytes.
        """
        path = self._path(table, month, fingerprint)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.replacing(path) as part:
            rows = warehouse.write_parquet(con, query, part)
            stored = Stored(path, rows, files.sha256_of(part))
        document = {"rows": stored.rows, "content": stored.content}
        files.write_text(path.with_suffix(".json"), json.dumps(document, sort_keys=True) + "\n")
        return stored

    def kept(
        self, table: str, month: date, fingerprint: str, compute: Callable[[], Document]
    ) -> Document:
        """What a table computes for a month on its way; read where it is there already."""
        path = self._path(table, month, fingerprint).with_suffix(".json")
        found = files.read_json(path)
        if found is None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = compute()
            files.write_text(path, json.dumps(found) + "\n")
        return found

    def _path(self, table: str, month: date | None, fingerprint: str) -> Path:
        slice_ = f"{month:%Y-%m}" if month else "whole"
        return self.folder / table / slice_ / f"{fingerprint[:NAMED]}.parquet"
