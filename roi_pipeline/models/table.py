"""What a table is: one object whether SQL or Python computes it. Opens no database, reads no file.

Order, shapes, assets, documentation, keys, lineage and checks are derived from these objects
(registry.py collects them); nothing about a table is listed anywhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Any, Literal

import polars as pl

from roi_pipeline.code import code_sha256
from roi_pipeline.marts.reading import Read as Read  # model files take it from here

Build = Literal["view", "whole", "engine"]


Function = Callable[[Read, Sequence[date]], pl.DataFrame]


@dataclass(frozen=True)
class Need:
    """A metric of baselines.csv or a term of terms.csv, and the units it may have (any, when
    there are none)."""

    name: str
    units: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({' or '.join(self.units)})" if self.units else self.name


@dataclass(frozen=True)
class Table:
    """One table of the registry.

    `build` says how it is stored: `view` not at all, `whole` one file for all months of a run,
    `engine` one file a month, by the heavy step. Exactly one of `query` and `function` is set.
    A view that `is_computed_once` is computed when a run first reads it, not by each reader.
    The rows of a guard are refused (pipeline/guards.py). A model that is `part_of` a union names
    the `optional` columns it has. `closed_like` names the table whose
    columns the kept rows of closed months have, for a table that reads its own.
    `positive`, `baseline` and `terms` are what a scenario needs of the system that uses it.
    """

    name: str
    layer: str
    row: str
    grain: tuple[str, ...]
    build: Build
    reads: frozenset[str]
    query: str | None = None
    function: Function | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    part_of: str | None = None
    optional: frozenset[str] = frozenset()
    example: str | None = None
    is_kept: bool = False
    is_computed_once: bool = False
    is_guard: bool = False
    closed_like: str | None = None
    rebuilds_closed_months: bool = False
    positive: str | None = None
    baseline: tuple[Need, ...] = ()
    terms: tuple[Need, ...] = ()

    @property
    def sql(self) -> str:
        """The query of a SQL model; TypeError for a Python model."""
        if self.query is None:
            raise TypeError(f"{self.name} is a Python model, not a query")
        return self.query

    @property
    def is_monthly(self) -> bool:
        """Whether a row belongs to one month."""
        return "month" in self.grain

    @property
    def is_published(self) -> bool:
        """Whether an edition has the table: the marts, without the views between them."""
        return self.layer == "marts" and self.build != "view"

    @property
    def keeps_closed_months(self) -> bool:
        """Whether a closed month keeps the rows it was closed with."""
        return self.is_published and self.is_monthly and not self.rebuilds_closed_months

    @property
    def code(self) -> str:
        """Checksum of what computes the table: the query, or the module and all it imports."""
        needed = "".join(map(str, (*self.baseline, *self.terms)))
        if self.function is not None:
            return code_sha256(self.function.__module__)
        return sha256((self.sql + needed).encode()).hexdigest()


def table(
    *, grain: Sequence[str], columns: Mapping[str, Any], reads: Sequence[str]
) -> Callable[[Function], Function]:
    """Declare a Python model, stored whole; `columns` are Polars types.

    Its name is the function's, its layer the folder of its module, and what a row means the first
    line of its docstring.
    """

    def declare(function: Function) -> Function:
        declared = Table(
            name=function.__name__,
            layer=function.__module__.split(".")[-2],
            row=(function.__doc__ or "").partition("\n")[0],
            grain=tuple(grain),
            build="whole",
            reads=frozenset(reads),
            function=function,
            columns=dict(columns),
        )
        function.__dict__["declared_table"] = declared
        return function

    return declare


def declared_table(module: Any, name: str) -> Table:
    """The table that a module's function of that name declares; ImportError when it does not."""
    function = getattr(module, name, None)
    found = getattr(function, "declared_table", None)
    if not isinstance(found, Table):
        raise ImportError(f"{module.__name__}: declares no table {name}; one file, one table")
    return replace(found)
