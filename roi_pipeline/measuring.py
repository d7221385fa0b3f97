"""Baselines from a log of the old process: what to measure, read from a file, as rows of
reference/baselines.csv.

Knows files and columns; the formulas are in `domain.baseline`. Refuses a log that says nothing
sensible, naming file, column and row.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from roi_pipeline import files
from roi_pipeline.domain.baseline import Measured, mean, rate
from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.portfolio import FILE, System
from roi_pipeline.written import choices

COLUMNS = CONTRACTS["baselines"].names
_SPEC = re.compile(
    r"(?P<metric>[a-z][a-z0-9_]*)(=(?P<column>[^/:]+)(/(?P<among>[^:]+))?)?(:(?P<unit>.+))?"
)
_TRUE, _FALSE = ("true", "1", "yes", "y"), ("false", "0", "no", "n")


@dataclass(frozen=True)
class Asked:
    """One metric: the mean of a column, the rate of a flag (among the cases that have another
    flag), or the cases of a day."""

    kind: str  # mean, rate, per_day
    metric: str
    column: str
    among: str | None
    unit: str


def asked(kind: str, text: str) -> Asked:
    """`hours_per_decision=hours:hours`, `recall=stopped/fraud`, `decisions_per_day`."""
    found = _SPEC.fullmatch(text)
    needs_column = kind != "per_day"
    if not found or (found["column"] is None) is needs_column:
        shape = "METRIC=COLUMN[:UNIT]" if needs_column else "METRIC[:UNIT]"
        raise ConfigurationError(f"--{kind.replace('_', '-')} {text}: write {shape}")
    default = {"mean": found["column"], "rate": "fraction", "per_day": "cases"}[kind]
    return Asked(
        kind, found["metric"], found["column"] or "", found["among"], found["unit"] or default
    )


def measure(
    log: Path, at: str, wanted: Sequence[Asked], system: System, version: str
) -> list[dict[str, str]]:
    """Rows of baselines.csv, one a metric; the window is that of the log's own days.

    Raises DataRefused for a log that cannot be read or that reaches the system's go-live.
    """
    frame = _read(log)
    days = _days(log, frame, at)
    first, last = min(days), max(days)
    if last >= system.live_on:
        raise DataRefused(
            f"{log}: {at} reaches {last}, and {system.id} went live on {system.live_on} ({FILE}): "
            "leave out the cases from go-live on, they are not the process before"
        )
    rows = []
    for one in wanted:
        found = _measured(log, frame, days, one)
        values = (
            *(system.id, version, one.metric, found.value, one.unit, found.n),
            *(found.standard_error, first, last, log.name),
        )
        rows.append(dict(zip(COLUMNS, map(_text, values), strict=True)))
    return rows


def add(file: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write rows at the end of baselines.csv, all or none; a key that is there is refused."""
    text = file.read_text("utf-8") if file.is_file() else ",".join(COLUMNS) + "\n"
    reader = csv.DictReader(io.StringIO(text, newline=""))
    key = CONTRACTS["baselines"].key
    there = {tuple(row[name] for name in key) for row in reader}
    for row in rows:
        if (told := tuple(row[name] for name in key)) in there:
            raise ConfigurationError(
                f"{file}: {', '.join(told)} is there already; name another --version"
            )
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, reader.fieldnames or COLUMNS, lineterminator="\n")
    writer.writerows(rows)
    files.write_text(file, text + ("" if text.endswith("\n") else "\n") + out.getvalue())


def _read(log: Path) -> pl.DataFrame:
    """Every column as text, so that a value that is not what it should be can be told."""
    try:
        if log.suffix == ".parquet":
            frame = pl.read_parquet(log, glob=False, hive_partitioning=False)
        else:
            frame = pl.read_csv(log, infer_schema=False, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        what = str(error).partition("\n")[0]
        raise DataRefused(f"{log}: {what}; give a CSV with a header, or a Parquet file") from error
    if frame.is_empty():
        raise DataRefused(f"{log}: no cases; give a log with one row for each case")
    return frame


def _column(log: Path, frame: pl.DataFrame, name: str) -> pl.Series:
    if name not in frame.columns:
        raise DataRefused(f"{log}: no column {name!r}; {choices(name, frame.columns)}")
    return frame[name].cast(pl.String).str.strip_chars()


def _days(log: Path, frame: pl.DataFrame, at: str) -> list[date]:
    found = _column(log, frame, at).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    _refuse_empty(log, at, frame[at], found, "a day or instant, YYYY-MM-DD first")
    return found.to_list()


def _measured(log: Path, frame: pl.DataFrame, days: list[date], one: Asked) -> Measured:
    try:
        if one.kind == "per_day":
            return mean([float(n) for n in pl.Series(days).value_counts()["count"]])
        if one.kind == "mean":
            return mean(_numbers(log, frame, one.column))
        flags = _flags(log, frame, one.column)
        counted = _flags(log, frame, one.among) if one.among else [True] * len(flags)
        hits = sum(flag and counts for flag, counts in zip(flags, counted, strict=True))
        return rate(hits, sum(counted))
    except ValueError as error:
        raise DataRefused(f"{log}: {one.metric}: {error}") from None


def _numbers(log: Path, frame: pl.DataFrame, name: str) -> list[float]:
    numbers = _column(log, frame, name).cast(pl.Float64, strict=False)
    usable = numbers.is_finite() & (numbers >= 0)
    _refuse_empty(log, name, frame[name], numbers.set(~usable, None), "a number of 0 or more")
    return numbers.to_list()


def _flags(log: Path, frame: pl.DataFrame, name: str) -> list[bool]:
    told = _column(log, frame, name).str.to_lowercase()
    known = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    flags = told.replace_strict(known, default=None, return_dtype=pl.Boolean)
    _refuse_empty(log, name, frame[name], flags, "true or false")
    return flags.to_list()


def _refuse_empty(log: Path, name: str, told: pl.Series, read: pl.Series, wanted: str) -> None:
    bad = read.is_null().arg_true()
    if len(bad):
        raise DataRefused(
            f"{log} row {bad[0] + 1}, {name}: {str(told[bad[0]])[:60]!r} is not {wanted}"
            + (f", and {len(bad) - 1} rows more" if len(bad) > 1 else "")
            + "; mend the log, or leave these cases out"
        )


def _text(value: object) -> str:
    """Decimals without the zeros at their end."""
    text = f"{value}"
    return text.rstrip("0").rstrip(".") if re.fullmatch(r"-?\d+\.\d+", text) else text
