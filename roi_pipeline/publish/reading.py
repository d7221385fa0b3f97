"""One edition, opened to be read: its files as tables, never the working database."""

from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline.errors import RoiError
from roi_pipeline.warehouse import parquet


class Tables:
    """The tables of one edition under their own names, to be queried while the block lasts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = duckdb.connect(config={"threads": 1})

    def __enter__(self) -> "Tables":
        files = sorted(self.folder.glob("*.parquet"))
        if not files:
            self.con.close()
            raise RoiError(
                f"{self.folder}: the edition that current.json names is not there; restore it from "
                "a backup, or remove current.json and run again"
            )
        self.con.execute("set TimeZone = 'UTC'")
        for file in files:
            self.con.sql(f"from {parquet(file)}").create_view(file.stem)
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def has(self, name: str) -> bool:
        """Whether the edition has a table: one of an older release may not."""
        return (self.folder / f"{name}.parquet").is_file()

    def rows(self, query: str, parameters: object = None) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        return self.con.execute(query, parameters).fetchall()

    def records(self, query: str, parameters: object = None) -> list[dict[str, Any]]:
        """Every row of a query, by column."""
        found = self.con.execute(query, parameters)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
