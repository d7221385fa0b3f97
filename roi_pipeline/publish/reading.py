"""One edition, opened to be read: its files as frames, never the store it was made from."""

from functools import cache
from pathlib import Path

import polars as pl

from roi_pipeline.errors import RoiError


class Tables:
    """The tables of one edition under their own names; a file is read once, when it is needed.

    Raises RoiError for a folder that is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.frame = cache(self._read)
        if not any(folder.glob("*.parquet")):
            raise RoiError(
                f"{folder}: the edition that current.json names is not there; restore it from "
                "a backup, or remove current.json and run again"
            )

    def has(self, name: str) -> bool:
        """Whether the edition has a table: one of an older release may not."""
        return (self.folder / f"{name}.parquet").is_file()

    def file(self, name: str) -> Path:
        """The file of a table; RoiError where it is missing."""
        file = self.folder / f"{name}.parquet"
        if not file.is_file():
            raise RoiError(
                f"{file}: not there; restore the edition from a backup, or remove current.json "
                "and run again"
            )
        return file

    def _read(self, name: str) -> pl.DataFrame:
        """All rows of a table, in the order of all columns; RoiError where its file is missing."""
        return pl.read_parquet(self.file(name), glob=False, hive_partitioning=False)


def added(column: pl.Expr) -> pl.Expr:
    """The sum of a column; null where no value is known, which Polars would call 0."""
    return pl.when(column.count() > 0).then(column.sum())
