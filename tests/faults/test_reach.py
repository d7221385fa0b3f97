"""The working database reaches what the portfolio names and nothing else (promise 29), and what it
may use of the machine is limited (promise 16)."""

from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from runner import run
from small_company import small_company

from roi_pipeline import warehouse
from roi_pipeline.errors import RoiError
from roi_pipeline.portfolio import Portfolio, load
from roi_pipeline.publish.editions import current

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


def test_nothing_but_the_number_of_threads_can_be_set(portfolio: Portfolio) -> None:
    """A run over few rows uses one thread; how much it may reach and hold stays as it is."""
    with warehouse.opened(portfolio) as con:
        warehouse.use_threads(con, portfolio, rows=10)
        assert con.execute("select current_setting('threads')").fetchall() == [(1,)]
        for setting in ("memory_limit = '64GB'", "allowed_configs = ['memory_limit']"):
            with pytest.raises(duckdb.Error, match="locked"):
                con.execute(f"set {setting}")


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


# Of a day every prediction; three in four have an outcome, and one in 500,000 comes twice.
MANY = """
copy (
    select
        'p' || (i - i // 500_000) as prediction_id,
        timestamptz '2026-02-01 00:00:00Z' + to_microseconds(i * 400_000) as predicted_at,
        'card-fraud' as system_id, 'v1' as model_version,
        if(i % 5 = 0, 'flag', 'pass') as decision, 10.25::decimal(18, 2) as amount,
        'USD' as currency
    from range({rows}) as rows(i)
) to '{inbox}/predictions/many.parquet' (format parquet);
copy (
    select
        'p' || i as prediction_id,
        timestamptz '2026-02-01 00:00:00Z' + to_microseconds(i * 400_000) + interval 2 days
            as observed_at,
        if(i % 7 = 0, 'bad', 'good') as outcome
    from range({rows}) as rows(i) where i % 4 <> 0
) to '{inbox}/outcomes/many.parquet' (format parquet);
"""


def _limited(folder: Path, **limits: str) -> None:
    file = folder / "portfolio.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["engine"] |= limits
    file.write_text(yaml.safe_dump(settings, sort_keys=False))


@pytest.mark.slow
def test_five_million_predictions_in_200_megabytes(tmp_path: Path) -> None:
    """They pass by spilling; where nothing may be spilled the run says so and publishes nothing."""
    rows = 5_000_000
    folder = small_company(tmp_path / "acme")
    before = run(folder, date(2026, 1, 1))
    duckdb.connect().execute(MANY.format(rows=rows, inbox=folder / "inbox"))
    _limited(folder, memory_limit="200MB", spill_limit="50MB")
    with pytest.raises(RoiError, match=r"engine.memory_limit 200MB and engine.spill_limit 50MB"):
        run(folder, date(2026, 2, 1))
    now = current(folder / "marts")
    assert now is not None
    assert now.name == before.name
    _limited(folder, memory_limit="200MB", spill_limit="10GB")
    edition = run(folder, date(2026, 2, 1))
    table = str(folder / "marts" / edition.name / "quality_monthly.parquet")
    counted = duckdb.execute(
        "select sum(predictions) from read_parquet($table) "
        "where system_id = 'card-fraud' and month = date '2026-02-01'",
        {"table": table},
    ).fetchall()
    small = 28 * 4 // 2
    assert counted == [(rows - (rows - 1) // 500_000 + small,)]
