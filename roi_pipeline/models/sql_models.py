"""The SQL models: one file, one table. Reads files and SQL text; opens no database.

A model file says in its first line what one row means to a person, in its second the grain, and in
a closing `/* example … */` block what it gives for a few rows anyone can work out by hand.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast, get_args

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from roi_pipeline import own_sql
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.models.table import Build, Need, Table

COST_LINES = "cost_lines"
VALUE_LINES = "value_lines"
LINE_COLUMNS = {
    COST_LINES: (
        "delivery_id",
        "row_no",
        "month",
        "basis",
        "system_id",
        "allocation_key",
        "kind",
        "category",
        "cost_class",
        "regulatory_category",
        "amount",
        "is_avoidable",
        "source",
        "source_id",
        "currency",
        "original_amount",
    ),
    VALUE_LINES: ("cell_id", "driver", "priced_as", "unit", "measure", "factor", "category"),
}
# What a line may say too: a file that does not name it has nothing there.
OPTIONAL_LINE_COLUMNS = {
    COST_LINES: {
        "cost_pool": "varchar",
        "consumed_quantity": "decimal(38, 6)",
        "consumed_unit": "varchar",
        "meter": "varchar",
        "account": "varchar",  # where it comes from and what it is for, which rules match
        "service": "varchar",
    },
    VALUE_LINES: {"baseline_metric": "varchar"},  # the metric its factor is proportional to
}


UNIONS = (COST_LINES, VALUE_LINES)
BUILDS: Mapping[str, Build] = {
    "cells": "engine",
    "evidence": "whole",
    "ledger": "whole",
    "marts": "whole",
}


def package_folder(name: str) -> Path:
    """A folder that ships with the package: inside it when installed, next to it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def read(file: Path, *, is_own: bool = False) -> Table:
    """One model from its file; `is_own` for a scenario of a portfolio: a part of value_lines.

    Header lines after row and grain: `-- build: view | whole`, `-- computed: once` for a view that
    several tables read, `-- part of: UNION`; for scenarios `-- positive:`, `-- baseline:` and
    `-- terms:`.
    Raises ConfigurationError when a file has no header or cannot be parsed, or, in a portfolio, is
    more than one SELECT over the tables of a scenario (own_sql.py).
    """
    if not is_own:
        return _parsed(file, file.read_text(encoding="utf-8"), is_own=False)
    table = _parsed(file, own_sql.read(file, file.parent.parent.parent), is_own=True)
    own_sql.refuse_unsafe(table.sql, file)
    return table


def _parsed(file: Path, whole: str, *, is_own: bool) -> Table:
    text, _, example = whole.partition("/* example\n")
    header = [line.removeprefix("-- ") for line in text.splitlines() if line.startswith("-- ")]
    if len(header) < 2 or not header[1].startswith("grain: "):
        raise ConfigurationError(
            f"{file}: the first line must say what a row means (-- One …), "
            "the second its key (-- grain: month, system_id)"
        )
    query = "\n".join(line for line in text.splitlines() if not line.startswith("-- ")).strip()
    named = frozenset(re.findall(r"\w+", _COMMENT.sub("", query)))
    reads, named = _parsed_names(query, file) if is_own else (reads_of(query), named)
    part_of = VALUE_LINES if is_own else next(iter(_said(header, "part of")), None)
    layer = file.parent.name
    build = next(iter(_said(header, "build")), BUILDS.get(layer, "view"))
    if build not in get_args(Build):
        raise ConfigurationError(f"{file}: -- build: {build}: write view or whole")
    return Table(
        name=file.stem,
        layer=layer,
        row=header[0],
        grain=tuple(header[1].removeprefix("grain: ").split(", ")),
        build=cast(Build, build),
        reads=reads,
        query=query,
        part_of=part_of,
        optional=named & OPTIONAL_LINE_COLUMNS.get(part_of or "", {}).keys(),
        example=example.rpartition("*/")[0] or None,
        is_computed_once="once" in _said(header, "computed"),
        is_kept=any(line.startswith("kept: ") for line in header),
        is_guard="refuses" in _said(header, "guard"),
        closed_like=next(iter(_said(header, "closed like")), None),
        rebuilds_closed_months="rebuilt" in _said(header, "closed months"),
        positive=next(iter(_said(header, "positive")), None),
        baseline=_needs(header, "baseline"),
        terms=_needs(header, "terms"),
    )


def reads_of(query: str) -> frozenset[str]:
    """The tables that a query of ours names, without those it defines itself.

    Our files name tables only behind `from` and `join`, so those are looked up by their words,
    which costs a hundredth of parsing (a test compares the two for every file).

    >>> sorted(reads_of("with a as (select 1 from x) select * from a join marts.y using (k)"))
    ['x', 'y']
    """
    text = _COMMENT.sub("", query)
    return frozenset({name.rpartition(".")[2] for name in _NAMED.findall(text)}) - frozenset(
        _DEFINED.findall(text)
    )


_COMMENT = re.compile(r"--[^\n]*|'[^']*'")
_NAMED = re.compile(
    r"(?<!distinct )\b(?:from|join)\s+([a-z_][a-z0-9_.]*)\b(?!\s*\()", re.IGNORECASE
)
_DEFINED = re.compile(r"(?:\bwith|,)\s+([a-z_][a-z0-9_]*)\s+as\s*(?:--[^\n]*)?\s*\(", re.I)


def _parsed_names(query: str, file: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The tables that a portfolio's own query reads, and the columns it selects by name; it may be
    anything, so it is parsed. ConfigurationError where it cannot be."""
    try:
        tree = sqlglot.parse_one(query, dialect="duckdb")
        local = {cte.alias for cte in tree.find_all(exp.CTE)}
        reads = {table.name for table in tree.find_all(exp.Table)} - local
    except SqlglotError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    except RecursionError:
        raise ConfigurationError(f"{file}: nested too deeply; write it with fewer levels") from None
    named = tree.named_selects if isinstance(tree, exp.Query) else []
    return frozenset(reads), frozenset(named)


def _said(header: Iterable[str], key: str) -> list[str]:
    return [line.removeprefix(f"{key}: ") for line in header if line.startswith(f"{key}: ")]


def _needs(header: Iterable[str], key: str) -> tuple[Need, ...]:
    """What a header line names: `escape_rate (units or defects), false_reject_rate`."""
    needs = []
    for part in ", ".join(_said(header, key)).split(", "):
        name, _, units = part.partition(" (")
        if name:
            needs.append(Need(name, tuple(filter(None, units.rstrip(")").split(" or ")))))
    return tuple(needs)


def union(name: str, tables: Iterable[Table]) -> Table:
    """Every model that is `part of` a union, stacked: a new file is a new member."""
    members = {each.name: each for each in tables if each.part_of == name}
    return Table(
        name=name,
        layer=name.removesuffix("_lines"),
        row=f"Every line of every model that is part of {name}.",
        grain=("delivery_id", "row_no", "basis") if name == COST_LINES else ("cell_id", "driver"),
        build="view",
        reads=frozenset(members),
        query="\nunion all\n".join(_member(name, members[member]) for member in sorted(members)),
    )


def _member(union: str, model: Table) -> str:
    """All its lines, with nothing in an optional column that it does not name."""
    optional = [
        exp.column(column) if column in model.optional else exp.cast(exp.Null(), kind).as_(column)
        for column, kind in OPTIONAL_LINE_COLUMNS[union].items()
    ]
    lines = exp.select(*map(exp.column, LINE_COLUMNS[union]), *optional).from_(model.name)
    return lines.sql(dialect="duckdb")
