"""What a column of the marts means, read from glossary.yaml.

Dagster shows the meanings beside the columns, docs/columns.md lists them. Knows no table.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml


@cache
def meanings() -> Mapping[str, str]:
    """Every column with its meaning; `table.column` where a table means something of its own."""
    source = resources.files("roi_pipeline") / "glossary.yaml"
    found: dict[str, str] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return found


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
