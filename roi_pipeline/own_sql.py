"""What the SQL of a portfolio may say: one SELECT over the tables of a scenario, with functions
that compute from their arguments alone.

Reads the tree that DuckDB's own parser makes of the text, so nothing is understood differently when
it runs. Everything is refused unless it is listed here; runs nothing and opens no database.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline.errors import ConfigurationError

MAX_BYTES = 1_000_000
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_TABLES_TEXT = """
    value_cell baseline_in_force term_in_force prices baselines terms systems setting fx_rate
    model_versions outcome_cells usage_cells score_cells observed_cells
"""
TABLES = frozenset(_TABLES_TEXT.split())
_FUNCTIONS_TEXT = """
    + - * / // % ** ^ || ~~ !~~ ~~* !~~* abs ceil ceiling floor round round_even trunc sign mod
    power pow sqrt cbrt exp ln log log2 log10 greatest least add subtract multiply divide isnan
    isinf isfinite nullif ifnull lower upper lcase ucase trim ltrim rtrim substr substring left
    right length len strlen contains starts_with ends_with prefix suffix position instr strpos
    replace translate concat concat_ws split_part string_split str_split reverse regexp_matches
    regexp_full_match regexp_replace regexp_extract like_escape ilike_escape not_like_escape
    not_ilike_escape date_part date_trunc date_diff datediff date_sub datesub date_add year
    month day dayofmonth dayofweek dayofyear isodow week quarter hour minute second last_day
    make_date make_timestamp strftime strptime try_strptime timezone epoch epoch_ms to_years
    to_months to_weeks to_days to_hours to_minutes to_seconds count count_star count_if countif
    sum avg mean min max any_value arg_max arg_min argmax argmin max_by min_by bool_and bool_or
    first last median quantile quantile_cont quantile_disc mode stddev stddev_pop stddev_samp
    variance var_pop var_samp covar_pop covar_samp corr product list array_agg string_agg
    row_number rank rank_dense dense_rank percent_rank cume_dist ntile lag lead first_value
    last_value nth_value list_value list_contains list_has array_contains list_has_any
    list_has_all list_element list_extract array_extract list_filter list_transform
    list_distinct list_sort list_sum list_min list_max list_concat struct_pack struct_extract
    row unnest
"""
FUNCTIONS = frozenset(_FUNCTIONS_TEXT.split())
# Words that DuckDB takes for a function where no column has the name: a clock, a user, a schema.
_NO_COLUMNS_TEXT = """
    current_catalog current_date current_role current_schema current_time current_timestamp
    current_user localtime localtimestamp session_user user
"""
_NO_COLUMNS = frozenset(_NO_COLUMNS_TEXT.split())
# kinds of expression
_CLASSES_TEXT = """
    BETWEEN CASE CAST COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA OPERATOR STAR
    SUBQUERY WINDOW
"""
_CLASSES = frozenset(_CLASSES_TEXT.split())
# kinds of query, of what follows FROM, and of what follows a query
_NODES_TEXT = """
    SELECT_NODE SET_OPERATION_NODE BASE_TABLE SUBQUERY JOIN EMPTY EXPRESSION_LIST ORDER_MODIFIER
    LIMIT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING
"""
_NODES = frozenset(_NODES_TEXT.split())


def read(file: Path, folder: Path) -> str:
    """The text of a file of `folder`; ConfigurationError when it is not a plain text file in it."""
    if not NAME.fullmatch(file.stem):
        raise ConfigurationError(
            f"{file}: rename it to lower case letters, digits and _, a letter first: its name is "
            "the name of a table"
        )
    whole = file.resolve()
    if not (whole.is_relative_to(folder.resolve()) and whole.is_file()):
        raise ConfigurationError(
            f"{file}: not a file of this portfolio; put the file itself here, not a link"
        )
    if whole.stat().st_size > MAX_BYTES:
        raise ConfigurationError(f"{file}: larger than 1 MB; a scenario is written by hand")
    try:
        text = whole.read_bytes().decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{file}: byte {error.start} is not UTF-8; save the file as UTF-8"
        ) from None
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        raise ConfigurationError(f"{file}: holds control characters; save it as plain text")
    return text


def refuse_unsafe(query: str, file: Path) -> None:
    """Raises ConfigurationError, naming the file and what to remove, unless `query` is one SELECT
    over TABLES with FUNCTIONS."""
    try:
        tree = json.loads(_serialized(query))
        if tree["error"]:
            message = str(tree["error_message"])
            mistakes = [f"{message}; write one SELECT that DuckDB can parse"]
        elif len(tree["statements"]) != 1:
            mistakes = [f"{len(tree['statements'])} statements; write exactly one SELECT, no ';'"]
        else:
            mistakes = [*_mistakes(tree["statements"][0]["node"], frozenset())]
    except (RecursionError, duckdb.Error):
        mistakes = ["nested too deeply; write it with fewer levels"]
    if mistakes:
        raise ConfigurationError(
            f"{file}: {mistakes[0]} (docs/scenarios.md, A scenario of your own)"
        )


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "enable_external_access": False})


def _serialized(query: str) -> str:
    """The tree of a text of SELECT statements, as JSON; an error in it for any other statement."""
    (found,) = (
        _parser().cursor().execute("select json_serialize_sql($query)", {"query": query}).fetchall()
    )
    return str(found[0])


def _mistakes(node: Any, visible: frozenset[str]) -> Iterator[str]:
    """What a tree holds that is not allowed; `visible` are the CTEs in force at this place."""
    if isinstance(node, list):
        for part in node:
            yield from _mistakes(part, visible)
    if not isinstance(node, dict):
        return
    for entry in node.get("cte_map", {}).get("map", ()):  # each sees those before it
        name = str(entry["key"]).lower()
        if not (NAME.fullmatch(name) and str(entry["key"]).isascii()):
            yield f"WITH {name!r}: name it with lower case letters, digits and _"
        yield from _mistakes(entry["value"], visible)
        visible |= {name}
    yield from _own_mistakes(node, visible)
    for key, part in node.items():
        if key != "cte_map":
            yield from _mistakes(part, visible)


def _own_mistakes(node: dict[str, Any], visible: frozenset[str]) -> Iterator[str]:
    """What is wrong with one node, not with those below it."""
    kind = node.get("type")
    if not isinstance(kind, str):
        return
    expression = node.get("class")
    allowed = (
        expression in _CLASSES if expression else kind in _NODES or kind.endswith("_TYPE_INFO")
    )
    if node.get("sample"):
        yield "a sample: a scenario gives the same rows every time; remove it"
    if not allowed:
        yield f"{_words(kind)} may not be used in a scenario; write a plain SELECT over tables"
    elif expression in ("FUNCTION", "WINDOW"):
        name = str(node["function_name"]).lower()
        if name not in FUNCTIONS or node["schema"] not in ("", "main") or node["catalog"]:
            yield f"function {name} may not be used in a scenario; remove it"
    elif expression == "COLUMN_REF":
        name = str(node["column_names"][-1]).lower()
        if len(node["column_names"]) == 1 and name in _NO_COLUMNS:
            yield f"{name} may not be used in a scenario: it does not come from the rows; remove it"
    elif kind == "BASE_TABLE" and not expression:
        name = str(node["table_name"])
        known = name.isascii() and name.lower() in TABLES | visible
        if node["schema_name"] or node["catalog_name"] or not known:
            yield f"table {name!r} may not be read by a scenario; use one of {_listed(TABLES)}"


def _words(kind: str) -> str:
    return kind.lower().replace("_", " ")


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
