"""What a column of the published tables means and how it is computed, read from columns.yml.

`explain` states the formulas, Dagster shows the meanings next to the columns, docs/columns.md lists
both. Knows no table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml


@dataclass(frozen=True)
class Formula:
    """How a column is computed, in words, and the section of the method that says so."""

    formula: str
    method: str = ""


@cache
def _document() -> Mapping[str, Any]:
    source = resources.files("roi_pipeline.models") / "columns.yml"
    found: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return found


def meanings() -> Mapping[str, str]:
    """Every column with its meaning; `table.column` where a table means something of its own."""
    found: dict[str, str] = _document()["meanings"]
    return found


def formulas() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """By table and column (`*`: every other) the `formula` and the section of the `method`."""
    found: dict[str, dict[str, dict[str, str]]] = _document()["formulas"]
    return found


def formula_of(table: str, column: str) -> Formula | None:
    """How a column is computed, None where its meaning says all.

    >>> formula_of("roi_monthly", "net_cash")
    Formula(formula='value - tco_cash', method='§1.5, D4')
    """
    of_table = formulas().get(table, {})
    found = of_table.get(column, of_table.get("*"))
    return None if found is None else Formula(**found)


def meaning(column: str, table: str = "") -> str | None:
    """What a column means; bounds are those of the column they are named after.

    >>> meaning("recall_low"), meaning("c3po")
    ('Lower bound of recall.', None)
    >>> meaning("status", "cost_completeness_monthly")
    'present, waived or missing.'
    """
    known = meanings()
    found = known.get(f"{table}.{column}", known.get(column))
    if found is not None:
        return found
    for suffix, bound in (("_low", "Lower"), ("_high", "Upper")):
        base = column.removesuffix(suffix)
        if base != column and base in known:
            return f"{bound} bound of {base}."
    return None
