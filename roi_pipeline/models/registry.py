"""All tables in the order in which they can be built: SQL files and Python models alike.

Layers read downward only. What is delivered (contracts), what a run is given (settings) and what a
closed month kept (`closed_<mart>`) are leaves: tables that are read and not computed.
"""

import importlib
import pkgutil
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path

import roi_pipeline.models
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.models import sql_models
from roi_pipeline.models.sql_models import UNIONS
from roi_pipeline.models.table import Table, declared_table
from roi_pipeline.sources import DATASETS, REFERENCES

# In the order data flows; a table reads its own layer and those before it.
LAYERS = ("staging", "cells", "cost", "value", "evidence", "ledger", "marts")


def load(own: Path | None = None) -> dict[str, Table]:
    """All tables by name, each after those it reads.

    `own` is the `sql/` folder of a portfolio; the scenarios in its `value/` join ours.
    Raises ConfigurationError when a file cannot be used, or a name exists twice.
    """
    found: dict[str, Table] = {}
    for file in sorted(sql_models.package_folder("sql").glob("*/*.sql")):
        _add(found, sql_models.read(file), file, found.keys())
    for each in python_models():
        _add(found, each, Path(f"{each.layer}/{each.name}.py"), found.keys())
    if own is not None:
        taken = {*found, *DATASETS, *REFERENCES, *UNIONS}
        taken = taken.union(*(each.reads for each in found.values()))
        for file in sorted(own.glob("value/*.sql")):
            _add(found, sql_models.read(file, is_own=True), file, taken)
    for union in UNIONS:
        found[union] = sql_models.union(union, found.values())
    order = TopologicalSorter(  # sorted, so that every process has the same order
        {name: sorted(each.reads & found.keys() - {name}) for name, each in found.items()}
    )
    return {name: found[name] for name in order.static_order()}


def _add(found: dict[str, Table], table: Table, file: Path, taken: Collection[str]) -> None:
    if table.name in taken:
        raise ConfigurationError(f"{file}: a table named {table.name} exists already; rename it")
    found[table.name] = table


@cache
def python_models() -> tuple[Table, ...]:
    """Every table that a module `roi_pipeline/models/<layer>/<table>.py` declares."""
    found = []
    for layer in LAYERS:
        folder = Path(roi_pipeline.models.__path__[0]) / layer
        for module in sorted(pkgutil.iter_modules([str(folder)]), key=lambda each: each.name):
            if not module.name.startswith("_"):
                name = f"{roi_pipeline.models.__name__}.{layer}.{module.name}"
                found.append(declared_table(importlib.import_module(name), module.name))
    return tuple(found)


def stored_reads(tables: Mapping[str, Table], name: str) -> frozenset[str]:
    """What a table reads that is not a view: stored tables and leaves, through views."""
    readers = [*views_behind(tables, name), name]
    read = {each for reader in readers for each in tables[reader].reads} - {name}
    return frozenset(each for each in read if each not in tables or tables[each].build != "view")


def views_behind(tables: Mapping[str, Table], name: str) -> list[str]:
    """The views that a table reads, directly or through others, each after those it reads."""
    found: dict[str, None] = {}

    def visit(reader: str) -> None:
        for read in tables[reader].reads:
            if read in tables and tables[read].build == "view" and read not in found:
                visit(read)
                found[read] = None

    visit(name)
    return list(found)


def code_with_views(tables: Mapping[str, Table], name: str) -> str:
    """Checksum of a table's code and of the views it is computed through."""
    parts = [tables[each].code for each in (*sorted(views_behind(tables, name)), name)]
    return sha256("".join(parts).encode()).hexdigest()


def code(tables: Mapping[str, Table]) -> str:
    """Checksum of the code of every table."""
    return sha256("".join(table.code for table in tables.values()).encode()).hexdigest()


def datasets(tables: Mapping[str, Table], name: str) -> set[str]:
    """What a table is made from that is no table itself: deliveries and settings; cells are not
    looked into."""
    above = ancestors(tables, [name])
    return {read for each in above for read in tables[each].reads if read not in tables}


def ancestors(tables: Mapping[str, Table], wanted: Iterable[str]) -> set[str]:
    """The wanted tables and everything they read, down to what is delivered and to cells."""
    found: set[str] = set()
    left = set(wanted)
    while left:
        name = left.pop()
        if name in tables and tables[name].layer != "cells" and name not in found:
            found.add(name)
            left |= tables[name].reads
    return found
