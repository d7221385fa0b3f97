"""Every worked example and every published number is asserted by some test.

A test reads an oracle by the start of its id, as in `worked("W06")`. An id that stands in no test
module fails here by name, so that a new oracle cannot lie about unread.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ID = re.compile(r"[WO]\d\d[a-z]?")


def read_by(file: Path) -> Iterator[str]:
    """The ids that a module reads: literals of their own, in code, never in what is said of it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and ID.fullmatch(str(node.value)):
            yield str(node.value)


@pytest.fixture(scope="module")
def readers() -> dict[str, set[str]]:
    """Every id with the modules that read it."""
    found: dict[str, set[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        for name in read_by(file):
            found.setdefault(name, set()).add(file.name)
    return found


@pytest.mark.parametrize(
    ("file", "key"), [("worked_examples.json", "examples"), ("published.json", "oracles")]
)
def test_no_oracle_lies_about_unread(
    file: str, key: str, oracles: Path, readers: dict[str, set[str]]
) -> None:
    ids = [each["id"].split("_")[0] for each in json.loads((oracles / file).read_text())[key]]
    assert len(ids) == len(set(ids)) > 10
    assert [each for each in ids if each not in readers] == []


def test_what_is_only_mentioned_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "test_x.py"
    file.write_text('"""Of W01."""\n# W02\nfound = worked("W03"), "W04_batch"\n')
    assert list(read_by(file)) == ["W03"]
