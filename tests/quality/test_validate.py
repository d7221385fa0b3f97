"""Running a suite: what an outcome says, what it must never say, and what keeps a month back."""

import json
import logging
import random
import socket
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from roi_pipeline import quality, warehouse
from roi_pipeline.errors import ConfigurationError, RoiError

OCTOBER = date(2026, 10, 1)
QUERY = "unexpected_rows_expectation"
HOSTILE = ("alice@example.com", "<script>alert(1)</script>")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.in_memory() as con:
        yield con


def expectation(name: str, type_: str, severity: str = "warning", **kwargs: Any) -> dict[str, Any]:
    return {
        "type": type_,
        "severity": severity,
        "description": f"{name} holds",
        "kwargs": kwargs,
        "meta": {"name": name},
    }


def suite(folder: Path, *expectations: dict[str, Any], **meta: str) -> quality.Suite:
    given = {"name": "log", "meta": meta, "expectations": list(expectations)}
    (folder / "log.json").write_text(json.dumps(given))
    return quality.suites(folder)["log"]


def check(
    con: duckdb.DuckDBPyConnection, given: quality.Suite, **more: quality.Value
) -> dict[str, quality.CheckOutcome]:
    parameters = {**quality.period(OCTOBER, OCTOBER), **more}
    return {one.name: one for one in quality.validate(con, given, "log", parameters)}


def test_an_empty_table_fails_the_check_of_emptiness_and_no_other(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("create table log (id varchar)")
    given = suite(
        tmp_path,
        expectation(
            "not_empty",
            "expect_table_row_count_to_be_between",
            "critical",
            min_value={"$PARAMETER": "min_rows"},
        ),
        expectation("id_present", "expect_column_values_to_not_be_null", column="id"),
        expectation("id_unique", "expect_column_values_to_be_unique", column="id"),
    )
    found = check(con, given)
    assert {name for name, one in found.items() if not one.passed} == {"not_empty"}
    assert found["not_empty"].observed == "0"
    assert all(one.passed for one in check(con, given, min_rows=0).values())


def test_only_a_critical_failure_or_a_check_that_cannot_run_blocks(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("create table log as select unnest([1, 2, 3]) as n")
    found = check(
        con,
        suite(
            tmp_path,
            expectation("grave", QUERY, "critical", unexpected_rows_query="from {batch} where n>2"),
            expectation("mild", QUERY, unexpected_rows_query="select n from {batch} where n > 1"),
            expectation("broken", QUERY, "info", unexpected_rows_query="select x from {batch}"),
            expectation("fine", QUERY, "critical", unexpected_rows_query="from {batch} where n>3"),
        ),
    )
    assert {one.name for one in quality.blocking(found.values())} == {"grave", "broken"}
    assert (found["grave"].failing, found["mild"].failing, found["fine"].failing) == (1, 2, 0)
    assert found["broken"].error == 'Binder Error: Referenced column "x" not found in FROM clause!'
    assert found["mild"].description == "mild holds"


def test_rows_of_other_months_are_not_seen_and_midnight_is_the_portfolios(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute(
        """create table log as from (values
            (timestamp '2026-09-30 18:29:59'), ('2026-09-30 18:30:00'),
            ('2026-10-31 18:29:59'), ('2026-10-31 18:30:00'),
            ('2026-10-31 23:59:59')) as t(seen_at)"""
    )
    rows = expectation("rows", "expect_table_row_count_to_be_between", min_value=2, max_value=2)
    newest = expectation(
        "newest",
        "expect_column_max_to_be_between",
        column="seen_at",
        max_value={"$PARAMETER": "instant_after"},
        strict_max=True,
    )
    given = suite(tmp_path, rows, newest, instant_column="seen_at")
    india = quality.period(OCTOBER, OCTOBER, time_zone="Asia/Kolkata")
    assert all(one.passed for one in check(con, given, **india).values())
    assert check(con, given)["rows"].observed == "3"


def test_temp_views_are_seen_and_the_connection_stays_its_owners(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("create temp view log as select unnest([1, 2]) as n")
    con.execute("create temp table others as select 1 as n")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    query = "select b.n from {batch} as b anti join others as o on b.n = o.n"
    found = check(con, suite(tmp_path, expectation("known", QUERY, unexpected_rows_query=query)))
    assert found["known"].failing == 1
    assert con.execute("select sum(n) from log").fetchall() == [(3,)]
    left = con.execute("select view_name from duckdb_views() where view_name = 'checked_rows'")
    assert left.fetchall() == []


def test_uniqueness_by_hash_counts_what_great_expectations_counts(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine

    from roi_pipeline import gx_duckdb

    source = random.Random(7)
    given = suite(
        tmp_path, expectation("unique", "expect_column_values_to_be_unique", column="key")
    )
    for size in (0, 1, 10, 400):
        keys = [source.choice([None, *range(size)]) for _ in range(size)]
        con.execute(
            "create or replace table log as select unnest($k::integer[]) as key", {"k": keys}
        )
        ours = check(con, given)["unique"]
        with monkeypatch.context() as patch:
            patch.setattr(gx_duckdb, "DuckDBEngine", SqlAlchemyExecutionEngine)
            theirs = check(con, given)["unique"]
        assert ours == theirs
    assert (ours.failing or 0) > 100


def test_no_value_of_the_data_reaches_an_outcome(
    world: duckdb.DuckDBPyConnection,
    october: dict[str, quality.Value],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Promises 31 and 32: every text in every table is personal, or a script, and all is broken."""
    caplog.set_level(logging.DEBUG)
    for value in HOSTILE:
        told = []
        for table in quality.suites():
            for name, kind, *_ in world.execute(f"describe {table}").fetchall():
                if kind == "VARCHAR":
                    world.execute(f'update {table} set "{name}" = ?', [value])
        for table, given in quality.suites().items():
            told += quality.validate(world, given, table, october)
        pl.DataFrame([asdict(one) for one in told]).write_csv(tmp_path / "results.csv")
        everything = (tmp_path / "results.csv").read_text() + repr(told) + caplog.text
        out, err = capfd.readouterr()
        assert sum(not one.passed for one in told) > 40
        assert value not in everything + out + err
        assert "<" not in (tmp_path / "results.csv").read_text().partition("\n")[2]


def test_an_error_that_quotes_a_value_is_withheld(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    con.execute("create table log as select 'alice@example.com' as name")
    query = "select 1 from {batch} where cast(name as integer) = 1"
    bounds = expectation("lowest", "expect_column_min_to_be_between", column="name", min_value=5)
    found = check(
        con, suite(tmp_path, expectation("number", QUERY, unexpected_rows_query=query), bounds)
    )
    assert "withheld" in (found["number"].error or "")
    assert not found["lowest"].passed
    assert "alice" not in repr(found) + caplog.text


def test_checking_is_silent_and_needs_no_network(
    world: duckdb.DuckDBPyConnection,
    october: dict[str, quality.Value],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a check wants the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quality.validate(world, "billing", "billing", october)
    assert capfd.readouterr() == ("", "")


def test_a_missing_table_or_month_column_fails_every_check(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    any_rows = expectation("any", "expect_table_row_count_to_be_between", min_value=0)
    given = suite(tmp_path, any_rows, date_column="month")
    assert "Table with name log does not exist" in (check(con, given)["any"].error or "")
    con.execute("create table log as select 1 as n")
    assert '"month" not found' in (check(con, given)["any"].error or "")
    assert quality.blocking(check(con, given).values())


def test_a_kwarg_great_expectations_does_not_know_is_refused(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("create table log as select 1 as n")
    odd = expectation("odd", "expect_table_row_count_to_be_between", min_vlaue=1)
    with pytest.raises(ConfigurationError, match=r"log\.json: odd: .*min_vlaue"):
        check(con, suite(tmp_path, odd))


def test_a_missing_parameter_is_named(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con.execute("create table log as select 1 as n")
    rows = expectation(
        "rows", "expect_table_row_count_to_be_between", min_value={"$PARAMETER": "least"}
    )
    with pytest.raises(ConfigurationError, match=r"log\.json: no value for least"):
        check(con, suite(tmp_path, rows))


def test_an_open_transaction_is_refused_and_left_as_it_was(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("create table log as select 1 as n")
    given = suite(tmp_path, expectation("any", QUERY, unexpected_rows_query="select 1 where false"))
    con.execute("begin")
    con.execute("insert into log values (2)")
    with pytest.raises(RoiError, match="commit first"):
        check(con, given)
    con.execute("commit")
    assert con.execute("select count(*) from log").fetchall() == [(2,)]


def test_the_period_of_two_months_has_whole_edges() -> None:
    found = quality.period(date(2026, 11, 1), date(2026, 12, 1), time_zone="America/New_York")
    assert found["month_after"] == date(2027, 1, 1)
    assert found["instant_first"] == datetime(2026, 11, 1, 4)
    assert found["instant_after"] == datetime(2027, 1, 1, 5)
