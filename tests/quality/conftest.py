"""A small company whose tables meet every check; tests break one thing at a time."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from roi_pipeline import quality, warehouse

OCTOBER = date(2026, 10, 1)


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of world.sql, with the columns that no check looks at added empty."""
    file = tmp_path_factory.mktemp("world") / "world.duckdb"
    with warehouse.in_memory() as con:
        con.execute(f"attach '{file}' as world")
        con.execute("use world")
        con.execute((Path(__file__).parent / "world.sql").read_text())
        for suite in quality.suites().values():
            (schema,) = (check for check in suite.checks if check.name == "schema")
            present = {row[0] for row in warehouse.rows(con, f"describe {suite.table}")}
            for column in schema.kwargs["column_set"]:
                if column not in present:
                    con.execute(f'alter table {suite.table} add column "{column}" varchar')
    return file


@pytest.fixture
def world(world_file: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy to break."""
    copy = shutil.copy(world_file, tmp_path / "world.duckdb")
    with warehouse.in_memory() as con:
        con.execute(f"attach '{copy}' as world")
        con.execute("use world")
        yield con


@pytest.fixture
def october() -> dict[str, quality.Value]:
    return quality.period(OCTOBER, OCTOBER)
