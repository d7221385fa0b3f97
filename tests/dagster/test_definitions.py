"""Dagster as people use it: the whole month, one asset, a backfill, a bad file, a schedule."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import duckdb
import pytest
from small_portfolio import small_portfolio

from roi_pipeline import assets, automation, notices, portfolio
from roi_pipeline.alerts import failed_checks, failures, message
from roi_pipeline.automation import definitions_of
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.models import registry
from roi_pipeline.pipeline import run as pipeline_run
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import current
from roi_pipeline.quality import suites
from roi_pipeline.resource import RANGE_FIRST, RANGE_LAST, last_ended_month

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
OCTOBER = {RANGE_FIRST: "2026-10-01", RANGE_LAST: "2026-10-01"}


def executed(company: Portfolio, instance: dg.DagsterInstance | None = None) -> Any:
    """The job of a portfolio for October, run in this process."""
    job = definitions_of(company).resolve_job_def(automation.JOB)
    return job.execute_in_process(
        instance=instance, tags=OCTOBER, run_config=QUIET, raise_on_error=False
    )


def errors_of(result: Any) -> list[str]:
    """What the failed steps of a run say."""
    return [message(event) for event in failures(result.all_events)]


def test_every_asset_is_described_and_grouped(definitions: dg.Definitions) -> None:
    specs = definitions.resolve_all_asset_specs()
    assert {spec.key.to_user_string() for spec in specs} >= {
        "predictions", "outcome_cells", "ledger_cost", "roi_monthly", "edition", "charge",
    }  # fmt: skip
    assert [spec.key for spec in specs if not spec.description or not spec.group_name] == []


def test_every_suite_is_a_check_and_critical_ones_block(definitions: dg.Definitions) -> None:
    keys = definitions.resolve_asset_graph().asset_check_keys
    expected = {(table, check.name) for table, suite in suites().items() for check in suite.checks}
    assert {(key.asset_key.to_user_string(), key.name) for key in keys} == expected
    for checks in definitions.asset_checks or ():
        for spec in checks.check_specs:  # type: ignore[union-attr]
            suite = suites()[spec.asset_key.to_user_string()]
            (check,) = [each for each in suite.checks if each.name == spec.name]
            assert spec.blocking == check.is_blocking


@dataclass(frozen=True)
class Backfilled:
    """A portfolio after one run over its three months, and what Dagster knows of it."""

    company: Portfolio
    job: dg.JobDefinition
    instance: dg.DagsterInstance

    def seen(self, asset: str) -> dict[str | None, Mapping[str, dg.MetadataValue[Any]]]:
        """The newest metadata of an asset, by month."""
        records = self.instance.fetch_materializations(dg.AssetKey(asset), limit=3).records
        told = [record.asset_materialization for record in records]
        return {each.partition: each.metadata for each in told if each}


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfilled]:
    folder = tmp_path_factory.mktemp("backfilled")
    company = portfolio.load(small_portfolio(folder / "company"))
    job = definitions_of(company).resolve_job_def(automation.JOB)
    tags = {RANGE_FIRST: "2026-08-01", RANGE_LAST: "2026-10-01"}
    with dg.instance_for_test(temp_dir=str(folder)) as instance:
        assert job.execute_in_process(instance=instance, tags=tags).success
        yield Backfilled(company, job, instance)


def test_a_backfill_is_one_run(backfilled: Backfilled) -> None:
    edition = current(backfilled.company.marts)
    assert edition is not None
    assert edition.months == ("2026-08", "2026-09", "2026-10")
    partitions = backfilled.instance.get_materialized_partitions(dg.AssetKey("roi_monthly"))
    assert partitions == {"2026-08-01", "2026-09-01", "2026-10-01"}


def test_every_month_has_numbers_that_plot(backfilled: Backfilled) -> None:
    ledger = backfilled.seen("ledger_monthly")["2026-10-01"]
    assert ledger["dagster/row_count"].value > 0  # type: ignore[operator]
    assert ledger["amount_cost_cash"].value != 0
    said = {
        month: told["cumulative_net_cash"].value
        for month, told in backfilled.seen("roi_monthly").items()
    }
    with duckdb.connect(backfilled.company.marts / "marts.duckdb", read_only=True) as con:
        published = con.execute(
            "select month::varchar, cumulative_net_cash::double from marts.roi_monthly "
            "where system_id = 'portfolio'"
        ).fetchall()
    assert said == dict(published)


def test_every_column_is_described(backfilled: Backfilled) -> None:
    schema: Any = backfilled.seen("ledger_monthly")["2026-10-01"]["dagster/column_schema"]
    described = {column.name: column.description for column in schema.schema.columns}
    assert "amount" in described
    assert [name for name, meaning in described.items() if not meaning] == []


def test_one_asset_or_check_can_be_run_by_itself(backfilled: Backfilled) -> None:
    again = backfilled.job.execute_in_process(
        instance=backfilled.instance,
        partition_key="2026-10-01",
        asset_selection=[dg.AssetKey("tco_monthly")],
    )
    steps = {event.step_key for event in again.all_events if event.is_step_success}
    assert steps == {"tco_monthly", "tco_monthly_suite"}
    one = dg.AssetCheckKey(dg.AssetKey("tco_monthly"), "key_unique")
    everything = definitions_of(backfilled.company).resolve_implicit_global_asset_job_def()
    check = everything.get_subset(asset_selection=set(), asset_check_selection={one})
    result = check.execute_in_process(instance=backfilled.instance)
    assert [each.asset_check_key for each in result.get_asset_check_evaluations()] == [one]


def test_assets_name_the_teams_that_answer_for_the_systems(company: Portfolio) -> None:
    owned = [system.model_copy(update={"owner": "Risk & fraud"}) for system in company.systems]
    found = definitions_of(company.model_copy(update={"systems": tuple(owned)}))
    assert {tuple(spec.owners) for spec in found.resolve_all_asset_specs()} == {
        ("team:Risk-fraud",)
    }


def test_a_failed_critical_check_publishes_nothing_and_is_told(
    company: Portfolio, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = company.reference / "prices.csv"
    again = "claim-triage,approve/good,case,15,USD,2026-09-01,,,a second price for the same days\n"
    prices.write_text(prices.read_text().rstrip("\n") + "\n" + again)
    result = executed(company, instance)
    checks = failed_checks(result.get_asset_check_evaluations())
    assert [(c.table, c.name) for c in checks if c.is_blocking] == [("prices", "no_overlap")]
    assert current(company.marts) is None
    posted: list[dict[str, Any]] = []
    monkeypatch.setenv(notices.VARIABLE, "https://hooks.example/1")
    monkeypatch.setattr(notices, "post_json", lambda _, body: posted.append(json.loads(body)))
    for _ in range(2):
        _end(definitions_of(company), instance, "tell_failures")
    (told,) = posted
    assert (told["event"], told["table"], told["check"]) == ("check_failed", "prices", "no_overlap")
    assert told["description"]


def _end(definitions: dg.Definitions, instance: dg.DagsterInstance, sensor: str) -> None:
    """What the daemon does when the last run of the instance has failed."""
    (run, *_) = instance.get_runs()
    (record,) = instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE
    ).records
    event = record.event_log_entry.dagster_event
    assert event is not None
    context = dg.build_run_status_sensor_context(
        sensor, dagster_event=event, dagster_instance=instance, dagster_run=run
    ).for_run_failure()
    definitions.resolve_sensor_def(sensor)(context)


def test_an_error_while_the_books_are_opened_is_posted(
    company: Portfolio, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No step failed, so the run's own failure is what the sensor reports."""

    def refuse(*_: object) -> None:
        raise ConfigurationError("sql/value/claims.sql: no column factor")

    monkeypatch.setattr(pipeline_run.settings, "write", refuse)
    assert not executed(company, instance).success
    posted: list[dict[str, Any]] = []
    monkeypatch.setenv(notices.VARIABLE, "https://hooks.example/1")
    monkeypatch.setattr(notices, "post_json", lambda _, body: posted.append(json.loads(body)))
    _end(definitions_of(company), instance, "tell_failures")
    assert [(each["event"], each["error"]) for each in posted] == [
        ("run_failed", "sql/value/claims.sql: no column factor")
    ]


def test_a_broken_file_publishes_nothing_and_is_named(company: Portfolio) -> None:
    (company.inbox / "billing" / "broken.csv").write_bytes(b"BilledCost\n\xff\xfe,1\n")
    result = executed(company)
    assert current(company.marts) is None
    assert any("broken.csv" in reason for reason in errors_of(result))


def test_a_step_that_needs_too_much_says_which_setting_allows_more(
    company: Portfolio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: object) -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error: see max_temp_directory_size")

    monkeypatch.setattr(pipeline_run.deliveries, "ingest", too_much)
    result = executed(company)
    assert current(company.marts) is None
    said = str(errors_of(result))
    assert "ingest predictions: needs more than engine.memory_limit 1GB" in said


def test_the_schedule_asks_for_the_month_that_ended(company: Portfolio) -> None:
    definitions = definitions_of(company)
    schedule = definitions.resolve_schedule_def("monthly_on_day_3")
    assert schedule.cron_schedule == "0 6 3 * *"
    with dg.instance_for_test() as instance:
        context = dg.build_schedule_context(
            instance,
            scheduled_execution_time=datetime(2026, 11, 3, 6, tzinfo=UTC),
            repository_def=definitions.get_repository_def(),
        )
        request: Any = schedule.evaluate_tick(context).run_requests
    assert [each.partition_key for each in request] == ["2026-10-01"]


def _context(
    instance: dg.DagsterInstance, definitions: dg.Definitions, cursor: str | None
) -> dg.SensorEvaluationContext:
    repository = definitions.get_repository_def()
    return dg.build_sensor_context(instance, cursor=cursor, repository_def=repository)


def test_the_sensor_runs_once_for_a_set_of_files(company: Portfolio) -> None:
    definitions = definitions_of(company)
    sensor = definitions.resolve_sensor_def("new_files")
    with dg.instance_for_test() as instance:
        first = sensor.evaluate_tick(_context(instance, definitions, None))
        assert len(first.run_requests or ()) == 1
        again = sensor.evaluate_tick(_context(instance, definitions, first.cursor))
        assert not again.run_requests
        (company.inbox / "billing" / "new.csv").write_text("x\n")
        third = sensor.evaluate_tick(_context(instance, definitions, first.cursor))
        assert len(third.run_requests or ()) == 1


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("UTC", datetime(2026, 11, 1, 0, 0, tzinfo=UTC), date(2026, 10, 1)),
        ("America/New_York", datetime(2026, 11, 1, 3, 59, tzinfo=UTC), date(2026, 9, 1)),
    ],
)
def test_a_month_ends_at_the_portfolios_midnight(
    company: Portfolio, zone: str, now: datetime, expected: date
) -> None:
    moved = company.model_copy(update={"time_zone": zone})
    assert last_ended_month(moved, now) == expected


def test_a_table_waits_for_what_its_checks_compare_it_with() -> None:
    found = registry.load()
    register = assets.upstream("asset_register_monthly", found)
    assert "ledger_monthly" in suites()["asset_register_monthly"].reads
    assert "ledger_monthly" in register
    assert "ledger_monthly" not in found["asset_register_monthly"].reads  # only its check does
