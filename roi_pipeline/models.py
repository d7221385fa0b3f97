"""The SQL models: one file, one table. Reads files and SQL text; opens no database.

A model file says in its first line what one row means to a person, in its second the grain, and in
a closing `/* example … */` block what it gives for a few rows anyone can work out by hand.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from roi_pipeline import own_sql
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.sources import DATASETS, REFERENCES

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
        "account": "varchar",  # where it comes from and what it is for, to claim what nobody does
        "service": "varchar",
    },
    VALUE_LINES: {"baseline_metric": "varchar"},  # the metric its factor is proportional to
}


@dataclass(frozen=True)
class Need:
    """A metric of baselines.csv or a term of terms.csv, and the units it may be told in (any, when
    there are none)."""

    name: str
    units: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({' or '.join(self.units)})" if self.units else self.name


@dataclass(frozen=True)
class Model:
    """One table: its layer (the folder), what a row means, its key, its query and what it reads.

    A scenario may say what a positive decision and outcome are to it, the metrics without which its
    baseline is not known, and the terms it reads.
    """

    name: str
    layer: str
    description: str
    grain: tuple[str, ...]
    query: str
    reads: frozenset[str]
    example: str | None = None
    is_kept: bool = False
    positive: str | None = None
    baseline: tuple[Need, ...] = ()
    terms: tuple[Need, ...] = ()

    @property
    def code_version(self) -> str:
        """Changes when the query does, or what it needs."""
        needed = "".join(map(str, (*self.baseline, *self.terms)))
        return sha256((self.query + needed).encode()).hexdigest()[:12]


def package_folder(name: str) -> Path:
    """A folder that ships with the package: inside it when installed, beside it in a checkout."""
    inside = Path(__file__).parent / name
    return inside if inside.is_dir() else Path(__file__).parent.parent / name


def load(own: Path | None = None) -> dict[str, Model]:
    """All models by name, each after those it reads.

    `own` is the `sql/` folder of a portfolio; the scenarios in its `value/` join ours.
    Raises ConfigurationError when a file has no header, cannot be parsed, repeats a name, or, in a
    portfolio, is more than one SELECT over the tables of a scenario (own_sql.py).
    """
    found: dict[str, Model] = {}
    for file in sorted(package_folder("sql").glob("*/*.sql")):
        _refuse_taken(file, found.keys())
        found[file.stem] = read(file)
    taken = {*found, *DATASETS, *REFERENCES, COST_LINES, VALUE_LINES}
    taken = taken.union(*(model.reads for model in found.values()))
    if own is not None:
        for file in sorted(own.glob("value/*.sql")):
            _refuse_taken(file, taken)
            found[file.stem] = _read_own(file, own.parent)
    for union in (COST_LINES, VALUE_LINES):
        found[union] = _union(union, found.values())
    order = TopologicalSorter(  # sorted, so that every process has the same order
        {name: sorted((model.reads & found.keys()) - {name}) for name, model in found.items()}
    )
    return {name: found[name] for name in order.static_order()}


def _refuse_taken(file: Path, taken: Collection[str]) -> None:
    if file.stem in taken:
        raise ConfigurationError(f"{file}: a table named {file.stem} exists already; rename it")


def read(file: Path) -> Model:
    """One model of ours from its file."""
    return _parsed(file, file.read_text(encoding="utf-8"))


def _read_own(file: Path, folder: Path) -> Model:
    """A scenario that a portfolio adds; nobody has reviewed what its file says."""
    model = _parsed(file, own_sql.read(file, folder))
    own_sql.refuse_unsafe(model.query, file)
    return model


def _parsed(file: Path, whole: str) -> Model:
    text, _, example = whole.partition("/* example\n")
    header = [line.removeprefix("-- ") for line in text.splitlines() if line.startswith("-- ")]
    if len(header) < 2 or not header[1].startswith("grain: "):
        raise ConfigurationError(
            f"{file}: the first line must say what a row means (-- One …), "
            "the second its key (-- grain: month, system_id)"
        )
    query = "\n".join(line for line in text.splitlines() if not line.startswith("-- ")).strip()
    try:
        reads = _reads(query)
    except SqlglotError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    except RecursionError:
        raise ConfigurationError(f"{file}: nested too deeply; write it with fewer levels") from None
    return Model(
        name=file.stem,
        layer=file.parent.name,
        description=header[0],
        grain=tuple(header[1].removeprefix("grain: ").split(", ")),
        query=query,
        reads=reads,
        example=example.rpartition("*/")[0] or None,
        is_kept=any(line.startswith("kept: ") for line in header),
        positive=next(iter(_said(header, "positive")), None),
        baseline=_needs(header, "baseline"),
        terms=_needs(header, "terms"),
    )


@cache
def _reads(query: str) -> frozenset[str]:
    """The tables that a query names; parsing is most of the cost of loading the models."""
    tree = sqlglot.parse_one(query, dialect="duckdb")
    local = {cte.alias for cte in tree.find_all(exp.CTE)}
    return frozenset({table.name for table in tree.find_all(exp.Table)} - local)


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


def ancestors(models: Mapping[str, Model], wanted: Iterable[str]) -> set[str]:
    """The wanted models and everything they read, down to what is delivered and to cells."""
    found: set[str] = set()
    left = set(wanted)
    while left:
        name = left.pop()
        if name in models and models[name].layer != "cells" and name not in found:
            found.add(name)
            left |= models[name].reads
    return found


def _union(name: str, models: Iterable[Model]) -> Model:
    """Every file of `sql/cost/` or `sql/value/`, stacked: a new file is a new member."""
    layer = name.removesuffix("_lines")
    members = {model.name: model for model in models if model.layer == layer}
    return Model(
        name=name,
        layer=layer,
        description=f"Every {layer} line of every file in sql/{layer}/.",
        grain=("delivery_id", "row_no", "basis") if name == COST_LINES else ("cell_id", "driver"),
        query="\nunion all\n".join(_member(name, members[member]) for member in sorted(members)),
        reads=frozenset(members),
    )


def _member(union: str, model: Model) -> str:
    """All its lines, with nothing in an optional column that it does not name."""
    query = sqlglot.parse_one(model.query, dialect="duckdb")
    named = query.named_selects if isinstance(query, exp.Query) else ()
    optional = [
        column if column in named else f"cast(null as {kind}) as {column}"
        for column, kind in OPTIONAL_LINE_COLUMNS[union].items()
    ]
    return f"select {', '.join([*LINE_COLUMNS[union], *optional])} from {model.name}"  # noqa: S608
