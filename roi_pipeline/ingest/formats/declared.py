"""A billing format as data: which canonical column is filled from where, and what is repaired.

A `Bill` is written once and read three times: here, to lay out a file; by docs/generate.py, to
write its page; by the tests. Knows headers and SQL over them; knows no provider.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.ingest.columns import TEXT, Contract
from roi_pipeline.ingest.layout import (
    Cell,
    Layout,
    Refusal,
    Table,
    known_names,
    listed,
    missing_columns,
    refuse_repeated,
)
from roi_pipeline.portfolio import Source

FILLED = "x_filled"  # the key in `x` that names what was filled from what
_PLACE = re.compile(r"\{([A-Za-z][^{}]*)\}")
_NESTED = ("STRUCT", "MAP", "JSON", "UNION")


@dataclass(frozen=True)
class Fill:
    """What one canonical column is filled from.

    `take` is a provider's column, alternatives `A|B` (the first that the file has), or SQL over
    `{columns}`, each of which is text there, or null where the file has no such column; a column
    written `{name!}` must be there. `words` translate values; a value that is none of them becomes
    `otherwise`. `filled` is what `x_filled` says of the rows `when` (SQL over `{columns}`) holds;
    without it the value is the provider's own. `why` explains, for the page.
    """

    column: str
    take: str
    words: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    filled: str = ""
    when: str = "true"
    type: str = TEXT
    why: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The provider's columns that it reads, alternatives apart.

        >>> Fill("billed_cost", "{cost!} + {credits}").sources
        ('cost', 'credits')
        """
        named = _PLACE.findall(self.take) or [self.take]
        found = dict.fromkeys(name for one in named for name in one.rstrip("!").split("|"))
        return tuple(found)


@dataclass(frozen=True)
class Bill:
    """One billing format: its name in portfolio.yaml, how it is told from others, its columns.

    All of `marks` stand in the header of a file of this format (`A|B`: either). `tags_below` are
    the prefixes of columns that are one tag each. `documents` is a text that only the provider's
    JSON documents have.
    """

    name: str
    title: str
    fills: tuple[Fill, ...]
    marks: tuple[str, ...]
    export: str
    notes: tuple[str, ...] = ()
    tags_below: tuple[str, ...] = ()
    null_texts: tuple[str, ...] = ()
    exported_at: str = ""
    refusals: tuple[Refusal, ...] = ()
    documents: bytes = b""
    example: str = ""
    told: Callable[[Sequence[str]], dict[str, object]] = field(default=lambda header: {})

    def layout(self, contract: Contract, source: Source, table: Table, name: str) -> Layout:
        """The layout of a file of this format; raises DataRefused for a header that is not one."""
        known = (*self.names, *known_names(contract, source))
        refuse_repeated([column.strip() for column in table.header], known, name)
        columns = Columns(table, name, self.null_texts, known)
        cells, constants = _place(self, contract, source, columns)
        tags = columns.below(self.tags_below) if "tags" not in cells else {}
        if tags:
            constants |= {f"tag{place}": tag for place, tag in enumerate(tags)}
            cells["tags"] = _tags(tags)
        tag_cells = {f"tag {tag}": cell for tag, cell in tags.items()}
        extras = table.beside(cells | tag_cells)
        if filled := self._filled(columns, cells, source):
            extras[FILLED] = filled
        return Layout(
            cells,
            constants,
            extras={column.strip(): cell for column, cell in extras.items()},
            null_texts=self.null_texts,
            naive_zone=source.time_zone or "UTC",
            exported_at=columns.find(self.exported_at) if self.exported_at else None,
            notes={"billing_format": self.name, **self.told(table.header)},
            refusals=self.refusals,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The provider's columns that it reads or is recognized by."""
        marks = (name for mark in self.marks for name in mark.split("|"))
        return tuple(dict.fromkeys([*(n for fill in self.fills for n in fill.sources), *marks]))

    def is_like(self, header: Sequence[str]) -> bool:
        """Whether a header has the marks of this format."""
        present = {key for column in header for key in _keys(column)}
        return all(any(_key(name) in present for name in mark.split("|")) for mark in self.marks)

    def _filled(self, columns: "Columns", cells: dict[str, Cell], source: Source) -> Cell | None:
        """What x_filled says of a row: `column from what`, one after the other."""
        said = [
            f"case when {columns.sql(fill.when)} then {_quoted(f'{fill.column} {fill.filled}')} end"
            for fill in self.fills
            if fill.filled and fill.column in cells and fill.column not in source.columns
        ]
        return Cell(f"nullif(concat_ws('; ', {', '.join(said)}), '')") if said else None


class Columns:
    """The columns of one file by the names their provider gives them: case and the signs between
    words do not matter, nor that a localised header has the English name in brackets behind it."""

    def __init__(
        self,
        table: Table,
        name: str,
        null_texts: Sequence[str] = (),
        known: Sequence[str] = (),
    ) -> None:
        self._table, self._name, self._null_texts = table, name, null_texts
        self._known = known
        self._positions: dict[str, list[int]] = {}
        for position, column in enumerate(table.header):
            for key in _keys(column):
                self._positions.setdefault(key, []).append(position)

    def find(self, names: str) -> Cell | None:
        """The first of `A|B` that the file has; `a.b` may be a field of a nested column."""
        for name in names.split("|"):
            if cell := self._flat(name) or self._field(name):
                return cell
        return None

    def sql(self, template: str) -> str:
        """SQL with every `{column}` in its place, as text."""
        return _PLACE.sub(lambda found: self._text(self.find(found[1].rstrip("!"))), template)

    def cell(self, fill: Fill) -> Cell | None:
        """Where a fill's value is, or None where the file lacks what it needs."""
        named = _PLACE.findall(fill.take)
        if not named:
            cell = self.find(fill.take)
            return cell and (self._translated(self._text(cell), fill) if fill.words else cell)
        if any(name.endswith("!") and self.find(name[:-1]) is None for name in named):
            return None
        if all(self.find(name.rstrip("!")) is None for name in named):
            return None
        sql = self.sql(fill.take)
        return self._translated(sql, fill) if fill.words else Cell(sql, fill.type)

    def below(self, prefixes: Sequence[str]) -> dict[str, Cell]:
        """The columns that are one tag each, by the tag's name."""
        found: dict[str, Cell] = {}
        for position, column in enumerate(self._table.header):
            for prefix in prefixes:
                if column.startswith(prefix) and len(column) > len(prefix):
                    found.setdefault(column[len(prefix) :].strip(), self._table.cell(position))
        return found

    def refuse_missing(self, names: Sequence[str]) -> None:
        """Raises DataRefused where the file lacks columns that it must have."""
        if names:
            raise DataRefused(
                missing_columns(names, self._table.header, self._known, self._name, _keys)
            )

    def _flat(self, name: str) -> Cell | None:
        positions = self._positions.get(_key(name), [])
        if len(positions) > 1:
            twice = ", ".join(str(position + 1) for position in positions[:20])
            raise DataRefused(
                f"{self._name}: the header has {_key(name)!r} more than once (columns {twice}); "
                "expected each name once"
            )
        return self._table.cell(positions[0]) if positions else None

    def _field(self, name: str) -> Cell | None:
        outer, dot, inner = name.partition(".")
        cell = self._flat(outer) if dot else None
        if cell is None:
            return None
        if cell.type == TEXT:
            readable = f"case when json_valid({cell.sql}) then {cell.sql} end"
            return Cell(f"json_extract_string({readable}, '$.{inner}')")
        if inner in fields_of(cell.type):
            return Cell(f"struct_extract({cell.sql}, '{inner}')::varchar")
        return None

    def _text(self, cell: Cell | None) -> str:
        if cell is None:
            return "null::varchar"
        if cell.type == TEXT:
            nulls = ", ".join(map(_quoted, self._null_texts))
            return (
                f"case when {cell.sql} not in ({nulls}) then {cell.sql} end" if nulls else cell.sql
            )
        is_nested = cell.type.startswith(_NESTED) or cell.type.endswith("[]")
        return f"to_json({cell.sql})::varchar" if is_nested else f"{cell.sql}::varchar"

    def _translated(self, text: str, fill: Fill) -> Cell:
        words = " ".join(f"when {_quoted(a)} then {_quoted(b)}" for a, b in fill.words.items())
        rest = "null" if fill.otherwise is None else _quoted(fill.otherwise)
        return Cell(f"case {text} {words} else {rest} end")


def fields_of(kind: str) -> tuple[str, ...]:
    """The names of a STRUCT's own fields, not of what is nested in them; of other types none.

    >>> fields_of("STRUCT(id VARCHAR, labels STRUCT(key VARCHAR)[], n DECIMAL(9,2))")
    ('id', 'labels', 'n')
    """
    if not kind.startswith("STRUCT(") or not kind.endswith(")"):
        return ()
    inner = kind[len("STRUCT(") : -1]
    while (flatter := re.sub(r"\([^()]*\)", "", inner)) != inner:
        inner = flatter
    return tuple(field.split()[0].strip('"') for field in inner.split(","))


def always(column: str, beside: str, value: str) -> Fill:
    """A column with one value in every row that has `beside`, and says that it was filled."""
    take = f"case when {{{beside}!}} is not null then {_quoted(value)} end"
    return Fill(column, take, filled=f"{value}: all rows are")


def _place(
    bill: Bill, contract: Contract, source: Source, columns: Columns
) -> tuple[dict[str, Cell], dict[str, str]]:
    """The cell of every contract column: what the source says comes before what the format says."""
    if strangers := set(source.columns) - set(contract.names):
        raise ConfigurationError(
            f"portfolio.yaml: sources.{source.id}.columns: {listed(sorted(strangers))} is not a "
            f"column of {contract.dataset}; it has {', '.join(contract.names)}"
        )
    fills = {fill.column: fill for fill in bill.fills}
    cells: dict[str, Cell] = {}
    constants: dict[str, str] = {}
    missing: list[str] = []
    for column in contract.columns:
        wanted, fill = source.columns.get(column.name), fills.get(column.name)
        cell: Cell | None = None
        if wanted is None:
            cell = columns.cell(fill) if fill else None
            wanted = fill.sources[0] if fill else column.name
        elif wanted.startswith("="):
            constants[column.name] = wanted[1:]
            cell = Cell(f"$constant_{column.name}")
        else:
            cell = columns.find(wanted)
        if cell:
            cells[column.name] = cell
        elif column.required or column.name in source.columns:
            missing.append(wanted)
    columns.refuse_missing(missing)
    return cells, constants


def _tags(tags: Mapping[str, Cell]) -> Cell:
    """One JSON object of all tag columns that have a value."""
    pairs = ", ".join(
        f"$constant_tag{place}, {cell.sql}" for place, cell in enumerate(tags.values())
    )
    return Cell(f"json_merge_patch('{{}}', json_object({pairs}))", "JSON")


def _keys(column: str) -> tuple[str, ...]:
    """What a header's column can be found by.

    >>> _keys("lineItem/UnblendedCost"), _keys("Kosten (Cost)")
    (('lineitemunblendedcost',), ('kostencost', 'cost'))
    """
    bracketed = re.search(r"\(([A-Za-z_]+)\)$", column.strip())
    return (_key(column), _key(bracketed[1])) if bracketed else (_key(column),)


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _quoted(text: str) -> str:
    """An SQL string. Only for words of our own."""
    return "'" + text.replace("'", "''") + "'"
