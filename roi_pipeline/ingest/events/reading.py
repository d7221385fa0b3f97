"""From a file of events to the predictions they tell of, as a table behind row numbers.

Knows files and shapes. What it writes holds the columns that are asked for and no payload.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.ingest import rescue
from roi_pipeline.ingest.columns import Contract
from roi_pipeline.ingest.events import SHAPES
from roi_pipeline.ingest.events.shape import Record, Shape, identified, plain, text
from roi_pipeline.ingest.events.spending import Spending
from roi_pipeline.ingest.events.tokens import fault_of
from roi_pipeline.ingest.files import MAX_LINE, Inspected
from roi_pipeline.ingest.layout import Table
from roi_pipeline.portfolio import Source

_BATCH = 2_000
_UTC = "'%Y-%m-%dT%H:%M:%S.%fZ'"


@dataclass
class Told:
    """What a file of events came to; `rows` counts predictions and the records put aside."""

    path: Path
    events: int = 0
    rows: int = 0
    passed_over: int = 0
    malformed: list[tuple[int, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    spending: Spending | None = None

    @property
    def notes(self) -> dict[str, object]:
        """What the receipt remembers: how many events there were, and estimates nobody books."""
        aside: dict[str, object] = {"events": self.events}
        if self.passed_over:
            aside["events_passed_over"] = self.passed_over
        if self.spending:
            aside |= {"sum_of_spend": f"{self.spending.total:f}", "spend": self.spending.rows}
        return aside


Judged = tuple[Record | None, str]


def judged_records(
    con: duckdb.DuckDBPyConnection, inspected: Inspected, name: str, table: Table | None
) -> Iterator[Judged]:
    """Every record of a file, or None and why it cannot be read; `table` is that of a Parquet."""
    if table is not None:
        yield from _parquet(con, table)
    elif inspected.kind.startswith("jsonl"):
        yield from rescue.json_objects(inspected.text, MAX_LINE)
    else:
        header = inspected.header
        for fields, reason in rescue.csv_fields(inspected.text, name, len(header)):
            yield (None if fields is None else dict(zip(header, fields, strict=True))), reason


def _parquet(con: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Judged]:
    """Times as ISO texts, nested values as JSON: what the same rows would be in a CSV."""
    cells = (_words(cell, kind) for cell, kind in zip(table.names, table.types, strict=True))
    cursor = con.cursor()
    try:
        found = cursor.execute(f"select {', '.join(cells)} from {table.sql}", table.parameters)  # noqa: S608
        while rows := found.fetchmany(_BATCH):
            for row in rows:
                yield dict(zip(table.header, row, strict=True)), ""
    finally:
        cursor.close()


def _words(cell: str, kind: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(timezone('UTC', {cell}), {_UTC})"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({cell}::timestamp, {_UTC.replace('Z', '')})"
    is_nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))
    return f"to_json({cell})::varchar" if is_nested else f"{cell}::varchar"


def columns_of(shape: Shape, contract: Contract, source: Source) -> tuple[str, ...]:
    """The keys of a row that are read: those the shape gives, and those the source maps.

    Raises ConfigurationError for a column that nothing gives, or one mapped to a payload.
    """
    mapped = {name: key for name, key in source.columns.items() if not key.startswith("=")}
    if hidden := [name for name, key in mapped.items() if key in shape.payloads]:
        raise ConfigurationError(
            f"portfolio.yaml: sources.{source.id}.columns.{hidden[0]}: {mapped[hidden[0]]} holds "
            "what people wrote or were told, which is never read; map another key"
        )
    given = [column for column in shape.gives if column not in source.columns]
    known = {*shape.gives, *source.columns}
    if missing := [c.name for c in contract.columns if c.required and c.name not in known]:
        raise ConfigurationError(
            f"portfolio.yaml: sources.{source.id}.columns: {', '.join(missing)}: no {shape.title} "
            f'says it; map a key of the log, or state it: {missing[0]}: "=…"'
        )
    return tuple(dict.fromkeys([*given, *mapped.values()]))


def tell(
    shape: Shape,
    records: Iterable[Judged],
    columns: tuple[str, ...],
    identity: str,
    target: Path,
    name: str,
    zones: tuple[str, str] = ("UTC", "UTC"),
) -> Told:
    """Write the predictions of `records` to `target`, each behind its number; `identity` is the
    key that holds their ids, `zones` are those of the log and of the books.

    A number counts predictions and unreadable records in the order of the file, so where a record
    is one prediction it is the record's. Raises DataRefused for records of another shape.
    """
    told = Told(target)
    if shape.spend:
        told.spending = Spending(ZoneInfo(zones[0]), ZoneInfo(zones[1]))
    readable = _readable(records, told)
    head = next(readable, None)
    if head is not None and not shape.knows(head):
        raise DataRefused(_another_shape(shape, head, name))
    stream = readable if head is None else chain([head], readable)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row in shape.rows(stream):
            if row is None:
                told.passed_over += 1
                continue
            told.rows += 1
            told.seen.update(key for key in columns if key in row)
            if fault := fault_of(row, columns):
                told.malformed.append((told.rows, fault))
            else:
                values = {**row, identity: identified(row, identity)}
                writer.writerow([told.rows, *(text(values.get(column)) for column in columns)])
            if shape.spend and told.spending:
                told.spending.add(text(row.get("predicted_at")), *shape.spend(row))
    return told


def _readable(records: Iterable[Judged], told: Told) -> Iterator[Record]:
    for record, reason in records:
        told.events += 1
        if record is None:
            told.rows += 1
            told.malformed.append((told.rows, reason))
        else:
            yield record


def _another_shape(shape: Shape, head: Record, name: str) -> str:
    wanted = " or ".join(", ".join(sorted(sign)) for sign in shape.signs)
    near = next(
        (f"; it looks like {e.title}: format {e.format}" for e in SHAPES.values() if e.knows(head)),
        "",
    )
    signs = {plain(key): key for each in SHAPES.values() for sign in each.signs for key in sign}
    known = sorted({signs[plain(key)] for key in map(str, head) if plain(key) in signs})
    others = sum(plain(str(key)) not in signs for key in head)
    count = f"{others} {'' if not known else 'other '}key{'' if others == 1 else 's'}"
    return (
        f"{name}: is not in {shape.title}: expected the keys {wanted}; the first record has "
        f"{' and '.join(filter(None, [', '.join(known), count if others else '']))}{near}; "
        "correct the source's format in portfolio.yaml"
    )
