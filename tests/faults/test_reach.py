"""The working database reaches what the portfolio names and nothing else (promise 29), and what it
may use of the machine is limited (promise 16)."""

from pathlib import Path

import duckdb
import pytest
from small_company import small_company

from roi_pipeline import warehouse
from roi_pipeline.portfolio import Portfolio, load

OUTSIDE = [
    "from read_csv('{outside}/secret.csv')",
    "from read_text('{outside}/secret.csv')",
    "from read_csv('{inbox}/../../outside/secret.csv')",
    "from sniff_csv('{outside}/secret.csv')",
    "from read_parquet('{outside}/*.parquet')",
    "from glob('{outside}/*')",
    "attach '{outside}/other.duckdb' as other",
    "copy (select 1) to '{outside}/written.csv'",
    "export database '{outside}/all'",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set memory_limit = '100GB'",
    "install httpfs",
    "load httpfs",
]


@pytest.fixture
def portfolio(tmp_path: Path) -> Portfolio:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("a\n1\n")
    return load(small_company(tmp_path / "acme"))


@pytest.mark.parametrize("attempt", OUTSIDE)
def test_what_lies_outside_is_out_of_reach(
    portfolio: Portfolio, tmp_path: Path, attempt: str
) -> None:
    outside = tmp_path / "outside"
    query = attempt.format(outside=outside, inbox=portfolio.inbox)
    with warehouse.opened(portfolio) as con, pytest.raises(duckdb.Error) as refused:
        con.execute(query).fetchall()
    reasons = ("disabled", "locked", "Cannot", "Permission", "not allowed", "access")
    assert any(reason in str(refused.value) for reason in reasons), refused.value
    assert [file.name for file in outside.iterdir()] == ["secret.csv"]


def test_what_was_delivered_is_in_reach(portfolio: Portfolio) -> None:
    (bill, *_) = sorted(portfolio.inbox.glob("billing/*.csv"))
    with warehouse.opened(portfolio) as con:
        assert con.execute(f"select count(*) from read_csv('{bill}')").fetchall()[0][0] > 0


def test_a_query_that_needs_too_much_fails_and_leaves_the_database_usable(
    portfolio: Portfolio,
) -> None:
    small = portfolio.model_copy(
        update={"engine": portfolio.engine.model_copy(update={"memory_limit": "60MB"})}
    )
    with warehouse.opened(small) as con:
        con.execute("create table kept as select 42 as answer")
        with pytest.raises(duckdb.OutOfMemoryException):
            con.execute("select list(i) from range(40_000_000) as r(i)").fetchall()
        assert con.execute("from kept").fetchall() == [(42,)]
    with warehouse.opened(portfolio) as con:
        assert con.execute("from kept").fetchall() == [(42,)]
