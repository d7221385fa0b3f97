"""The suites in `expectations/`: which checks a table has, how grave each is, and what it says.

Reads JSON alone, because importing Great Expectations takes seconds and Dagster loads definitions
in every process. Runs nothing; what GX itself would let pass in silence is refused here by name.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from roi_pipeline.errors import ConfigurationError
from roi_pipeline.models.sql_models import package_folder, reads_of

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
# Tested on DuckDB, and what they observe is a count, a number, a time or our own column names.
TYPES = (
    "expect_column_max_to_be_between",
    "expect_column_mean_to_be_between",
    "expect_column_min_to_be_between",
    "expect_column_proportion_of_non_null_values_to_be_between",
    "expect_column_sum_to_be_between",
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_be_null",
    "expect_column_values_to_be_unique",
    "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_not_be_null",
    "expect_table_columns_to_match_set",
    "expect_table_row_count_to_be_between",
    "unexpected_rows_expectation",
)
NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Check:
    """One expectation of a suite, as a person and Dagster see it."""

    name: str
    severity: Severity
    description: str
    type: str
    kwargs: Mapping[str, Any]

    @property
    def is_blocking(self) -> bool:
        """Whether its failure keeps a month from being published."""
        return self.severity == "critical"


@dataclass(frozen=True)
class Suite:
    """The checks of one table, and the column that says which month a row belongs to.

    `date_column` is compared with the months themselves, `instant_column` (TIMESTAMP in UTC) with
    their first moments in the portfolio's time zone; without either the whole table is checked.
    """

    table: str
    checks: tuple[Check, ...]
    document: Mapping[str, Any]
    date_column: str | None = None
    instant_column: str | None = None

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the `$PARAMETER`s its expectations refer to."""
        values = [value for check in self.checks for value in check.kwargs.values()]
        return frozenset(value["$PARAMETER"] for value in values if _is_parameter(value))

    @property
    def reads(self) -> frozenset[str]:
        """What its checks compare the table with, and so has to be there before they run."""
        queries = [check.kwargs.get("unexpected_rows_query", "") for check in self.checks]
        read = (reads_of(query.replace("{batch}", self.table)) for query in queries if query)
        return frozenset().union(*read) - {self.table}


def suites(folder: Path | None = None) -> dict[str, Suite]:
    """Every suite by its table, from the JSON alone.

    Raises ConfigurationError naming the file and the check that cannot be used as it stands.
    """
    files = sorted((folder or package_folder("expectations")).glob("*.json"))
    return {file.stem: _suite(file) for file in files}


def identifier(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} is not a name of a table or column: use a-z, 0-9 and _")
    return name


def _suite(file: Path) -> Suite:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{file}: not JSON: {error}") from error
    _demand(document.get("name") == file.stem, file, "name", f"must be {file.stem!r}, as the file")
    expectations = document.get("expectations") or []
    _demand(bool(expectations), file, "expectations", "holds none, so it would always pass")
    checks = tuple(_check(file, at, one) for at, one in enumerate(expectations))
    names = [check.name for check in checks]
    for name in names:
        _demand(names.count(name) == 1, file, name, "stands twice; give each its own meta.name")
    columns = document.get("meta", {})
    _demand(len(columns) <= 1, file, "meta", "name either a date_column or an instant_column")
    for key, column in columns.items():
        _demand_one_of(key, ("date_column", "instant_column"), file, "meta", "key")
        identifier(column)
    return Suite(table=file.stem, checks=checks, document=document, **columns)


def _check(file: Path, position: int, given: Mapping[str, Any]) -> Check:
    where = f"expectation {position + 1} ({given.get('type')})"
    name = given.get("meta", {}).get("name")
    _demand(isinstance(name, str), file, where, "has no meta.name; name what must hold")
    _demand(bool(NAME.fullmatch(name)), file, name, "use small letters, digits and _ in meta.name")
    unknown = sorted(given.keys() - {"type", "severity", "description", "kwargs", "meta"})
    _demand(not unknown, file, name, f"has unknown keys: {', '.join(unknown)}")
    _demand_one_of(given.get("type"), TYPES, file, name, "type")
    _demand_one_of(given.get("severity"), SEVERITIES, file, name, "severity")
    _demand(bool(given.get("description")), file, name, "has no description a person understands")
    kwargs = given.get("kwargs", {})
    return Check(name, given["severity"], given["description"], given["type"], kwargs)


def _demand(holds: bool, file: Path, where: str, remedy: str) -> None:
    if not holds:
        raise ConfigurationError(f"{file}: {where}: {remedy}")


def _demand_one_of(value: object, allowed: Sequence[str], file: Path, name: str, key: str) -> None:
    if value not in allowed:
        near = get_close_matches(str(value), allowed, n=1)
        guess = f"did you mean {near[0]}?" if near else f"use one of: {', '.join(allowed)}"
        _demand(False, file, name, f"has the {key} {value!r}; {guess}")


def _is_parameter(value: object) -> bool:
    return isinstance(value, Mapping) and "$PARAMETER" in value
