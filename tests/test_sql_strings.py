"""SQL is in sql/, or generated in one place: no other module of the package has it in a string."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import roi_pipeline

PACKAGE = Path(roi_pipeline.__file__).parent
GENERATED = ("warehouse.py", "engines/", "ingest/")  # where SQL is generated
STATEMENT = re.compile(
    r"""
    \bselect\b.*\bfrom\b
    | ^\s*from\s+[a-z_.x]+\s*($|\b(as|where|order|limit|join|group)\b)
    | \binsert\s+into\b
    | \bcreate\s+(or\s+replace\s+)?(temp\s+|temporary\s+)?(view|table|macro|schema)\b
    | \bcopy\s*(\(|\w+\s+to\b)
    | \bdelete\s+from\b
    | \bupdate\s+\S+\s+set\b
    | \bdrop\s+(view|table)\b
    | \balter\s+table\b
    | ^\s*describe\s+\S+\s*$
    """,
    re.VERBOSE | re.DOTALL,
)


def sql_strings(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a module that has the shape of a SQL statement.

    Docstrings are left out; what an f-string fills in counts as a name.
    """
    tree = ast.parse(source)
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        if isinstance(node, ast.JoinedStr):
            skipped.update(node.values)
    for node in ast.walk(tree):
        if node in skipped or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        text = _text(node)
        if STATEMENT.search(text):
            yield node.lineno, " ".join(text.split())


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(_text(part) if isinstance(part, ast.Constant) else "x" for part in node.values)


def modules_with_sql() -> dict[str, list[tuple[int, str]]]:
    """Every module of the package with a SQL string, by its path in the package."""
    found = {
        file.relative_to(PACKAGE).as_posix(): [*sql_strings(file.read_text(encoding="utf-8"))]
        for file in sorted(PACKAGE.rglob("*.py"))
    }
    return {name: strings for name, strings in found.items() if strings}


@pytest.mark.parametrize(
    "code",
    [
        'con.execute("select a, b from t where c = 1")',
        'con.execute(f"select {columns} from {table}")',
        'Q = """\nselect\n    a\nfrom t\n"""',
        'con.sql("from roi_monthly where month = ?")',
        'con.execute(f"from {table}")',
        'con.execute(f"insert into {name} values (?)")',
        'con.execute("create or replace temp view v as " + query)',
        'con.execute(f"copy ({query}) to {file}")',
        'con.execute("delete from t")',
        'con.execute(f"update {table} set a = 1")',
        'con.execute(f"drop view {name}")',
        'con.execute(f"describe {table}")',
    ],
)
def test_a_statement_is_detected(code: str) -> None:
    assert [*sql_strings(code)]


@pytest.mark.parametrize(
    "code",
    [
        '"""Select the rows to show from a table, and insert into it."""',
        'def f():\n    """select a from t"""',
        'raise RoiError("restore it from a backup, or remove current.json")',
        'print(f"From {first:%B} to {last:%B}")',
        'print("select one of the options")',
        'frame.select("month").filter(pl.col("from_status") == "update")',
    ],
)
def test_words_are_no_statement(code: str) -> None:
    assert not [*sql_strings(code)]


def test_sql_is_generated_in_its_places_only() -> None:
    found = modules_with_sql()
    elsewhere = {name: said for name, said in found.items() if not name.startswith(GENERATED)}
    assert elsewhere == {}


def test_generated_sql_is_seen() -> None:
    """The detector finds what is there, so finding nothing elsewhere means something."""
    found = modules_with_sql()
    assert {"warehouse.py", "engines/duckdb.py", "engines/drill_through.py"} <= found.keys()
