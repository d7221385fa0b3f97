"""How a Python model reads tables, and what it may ask of the run: currency, months, cut-off.

Every function that computes a table takes a `Read` and no connection.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Protocol, runtime_checkable

import polars as pl


class Read(Protocol):
    """How a Python model reads: the declared tables only, as frames."""

    def __call__(self, name: str) -> pl.DataFrame:
        """All rows of a declared table in the months of the run, in the order of all columns;
        LookupError for any other."""


Document = dict[str, Any]  # as JSON has it


@runtime_checkable
class Keeping(Protocol):
    """The `Read` of a build, which has a place for what is dear to compute."""

    def kept(self, month: date, inputs: str, compute: Callable[[], Document]) -> Document:
        """What the code of the table computes for a month from these inputs, by their checksum."""


def kept(read: Read, month: date, inputs: str, compute: Callable[[], Document]) -> Document:
    """What is computed for a month, which a build takes from an earlier one where all that it
    depends on (`inputs`, a checksum) and the code are the same."""
    return read.kept(month, inputs, compute) if isinstance(read, Keeping) else compute()


def currency(read: Read) -> str:
    """The reporting currency, by its ISO code (reads `setting`)."""
    code: str = read("setting").item(0, "reporting_currency")
    return code


def months(read: Read) -> list[date]:
    """The first days of the months of the run, oldest first (reads `run_month`)."""
    return sorted(read("run_month").get_column("month"))


def last_month(read: Read) -> date:
    """The newest month of the run, by its first day (reads `run_month`)."""
    return months(read)[-1]


def until_last_month(read: Read, name: str) -> pl.DataFrame:
    """The rows of a monthly table up to the newest month of the run: a look back knows no later
    month (reads `run_month`)."""
    return read(name).filter(pl.col("month") <= last_month(read))


def as_of(read: Read) -> datetime:
    """The cut-off: what came true before this instant is known (naive UTC; reads `run_scope`)."""
    instant: datetime = read("run_scope").item(0, "as_of")
    return instant
