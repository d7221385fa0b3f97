"""Which column of a file is which column of the contract, by name and never by position.

Knows headers, aliases and constants. Builds no query: a `Cell` says where a value is, `casting`
says how it is read.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.ingest.columns import TEXT, Contract
from roi_pipeline.portfolio import Source

# The id of a row that has none: where it stands. The same for a file that is sent again under its
# name, so a longer version of a log replaces its rows and adds to them.
FILE_ROW = "=file:row"


@dataclass(frozen=True)
class Table:
    """A file as DuckDB reads it: the text after `from`, and of each column of the header what it
    is called there (c0, c1, …, never by its own name) and its type. `others` cannot be read."""

    sql: str
    row_no: str
    header: tuple[str, ...]
    names: tuple[str, ...]
    types: tuple[str, ...]
    parameters: dict[str, object]
    others: tuple[str, ...] = ()

    def cell(self, position: int) -> "Cell":
        """Where the value of the column at `position` of the header is."""
        return Cell(self.names[position], self.types[position])

    def beside(self, cells: dict[str, "Cell"]) -> dict[str, "Cell"]:
        """The columns of the header that `cells` does not use."""
        used = {cell.sql for cell in cells.values()}
        return {
            column: self.cell(position)
            for position, column in enumerate(self.header)
            if self.names[position] not in used
        }


@dataclass(frozen=True)
class Cell:
    """Where a value is, as SQL, and the DuckDB type it has there."""

    sql: str
    type: str = TEXT


@dataclass(frozen=True)
class Refusal:
    """Rows that show that a file is not what its source says: one of them refuses it whole.

    `test` is SQL over the typed row, true of such a row.
    """

    name: str
    test: str
    remedy: str


@dataclass(frozen=True)
class Layout:
    """How the rows of one file are read.

    `extras` are columns outside the contract that a billing file keeps in `x`; `unknown` are those
    that are never read. `null_texts` are what an empty value is written as, `naive_zone` the zone
    of times without an offset (None: such times are refused).
    """

    cells: dict[str, Cell]
    constants: dict[str, str] = field(default_factory=dict)
    extras: dict[str, Cell] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    null_texts: tuple[str, ...] = ()
    naive_zone: str | None = None
    exported_at: Cell | None = None
    notes: dict[str, object] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()


def table_layout(contract: Contract, source: Source, table: Table, name: str) -> Layout:
    """The layout of a `table` file: exact column names, aliases and constants of the source.

    Raises DataRefused for a header that lacks a required column or has one twice.
    """
    refuse_repeated(table.header, known_names(contract, source), name)
    positions = {column: position for position, column in enumerate(table.header)}
    cells, constants = place(contract, source, table, positions, name)
    unknown = (*table.beside(cells), *table.others)
    return Layout(cells, constants, unknown=unknown, naive_zone=source.time_zone)


def known_names(contract: Contract, source: Source) -> tuple[str, ...]:
    """The names that a message may show: those of the contract, and those the source maps."""
    return (*contract.names, *(key for key in source.columns.values() if not key.startswith("=")))


def place(
    contract: Contract, source: Source, table: Table, positions: dict[str, int], name: str
) -> tuple[dict[str, Cell], dict[str, str]]:
    """Find the cell of every contract column; `positions` are those of the names to look up."""
    if strangers := set(source.columns) - set(contract.names):
        raise ConfigurationError(
            f"portfolio.yaml: sources.{source.id}.columns: {listed(sorted(strangers))} is not a "
            f"column of {contract.dataset}; it has {', '.join(contract.names)}"
        )
    cells: dict[str, Cell] = {}
    constants: dict[str, str] = {}
    missing: list[str] = []
    for column in contract.columns:
        wanted = source.columns.get(column.name, column.name)
        if wanted == FILE_ROW and (column.is_id or column.is_line):
            constants[column.name] = f"{name}:"
            cells[column.name] = Cell(f"$constant_{column.name} || ({table.row_no})")
        elif wanted.startswith("="):
            constants[column.name] = wanted[1:]
            cells[column.name] = Cell(f"$constant_{column.name}")
        elif wanted in positions:
            cells[column.name] = table.cell(positions[wanted])
        elif column.required or column.name in source.columns:
            missing.append(wanted)
    if missing:
        known = known_names(contract, source)
        raise DataRefused(missing_columns(missing, table.header, known, name))
    return cells, constants


def refuse_repeated(header: Sequence[str], known: Iterable[str], name: str) -> None:
    """Raises DataRefused for a header with an empty name or one that it has twice. Names that are
    not `known` may be data, and are shown as positions from 1."""
    if empty := [str(place) for place, column in enumerate(header, 1) if not column.strip()]:
        raise DataRefused(
            f"{name}: header column {_some(empty)} has no name; name it, or remove the column"
        )
    places: dict[str, list[str]] = {}
    for place, column in enumerate(header, 1):
        places.setdefault(column, []).append(str(place))
    names = {*known}
    if repeated := [
        repr(column) if column in names else f"the name of column {_some(found)}"
        for column, found in places.items()
        if len(found) > 1
    ]:
        raise DataRefused(
            f"{name}: the header has {_some(repeated)} more than once; expected each name once"
        )


def missing_columns(
    missing: Sequence[str],
    header: Sequence[str],
    known: Iterable[str],
    name: str,
    key: Callable[[str], Iterable[str]] = lambda column: (column,),
) -> str:
    """What a header lacks, which of its columns may be meant, and what to do.

    Only `known` names are shown, in our spelling; `key` gives what a name is found by. The others
    are counted: without a header they are the first row of the data.
    """
    ours = {found: text for text in known for found in key(text)}
    seen = dict.fromkeys(ours[found] for column in header for found in key(column) if found in ours)
    others = sum(not any(found in ours for found in key(column)) for column in header)
    near = [
        f"{column!r} may be column {place}"
        for column in missing
        if (place := _position_of_near(column, header))
    ]
    hint = f" ({'; '.join(near)})" if near else ""
    kind = "of other names" if seen else "of names that it does not know"
    counted = f"{others} column{'' if others == 1 else 's'} {kind}" if others else ""
    has = " and ".join(filter(None, [listed([*seen]), counted])) or "no columns"
    headless = "are these names, or the first row of data? " if others and not seen else ""
    return (
        f"{name}: the header lacks {listed(missing)}{hint}; it has {has}; {headless}send the "
        "column, or map it under the source's columns in portfolio.yaml"
    )


def _position_of_near(wanted: str, header: Sequence[str]) -> int | None:
    """The position, from 1, of the column whose name is nearly the wanted one."""
    plain = {column.casefold(): place for place, column in reversed([*enumerate(header[:200], 1)])}
    short = [column for column in plain if len(column) <= 60]
    found = difflib.get_close_matches(wanted.casefold(), short, 1)
    return plain[found[0]] if found else None


def _some(parts: Sequence[str]) -> str:
    """At most 20 parts of a list, and how many there are more."""
    rest = f" and {len(parts) - 20} more" if len(parts) > 20 else ""
    return ", ".join(parts[:20]) + rest


def listed(names: Sequence[str]) -> str:
    """Names as a message shows them: quoted, shortened, at most 40."""
    shown = [repr(name if len(name) <= 60 else name[:57] + "…") for name in names[:40]]
    return ", ".join(shown) + (f" and {len(names) - 40} more" if len(names) > 40 else "")
