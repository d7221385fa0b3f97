"""The monthly job in Dagster, its schedule and its sensors."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from roi_pipeline import alerts, portfolio
from roi_pipeline.assets import all_assets
from roi_pipeline.checks import all_checks
from roi_pipeline.ingest import correction_list
from roi_pipeline.ingest.discovery import discover
from roi_pipeline.models.registry import load
from roi_pipeline.pipeline.settings import first_month
from roi_pipeline.portfolio import DATASETS, REFERENCES, Portfolio
from roi_pipeline.resource import Books, last_ended_month

# Single-run backfills are marked beta; the pinned version is the one they were tested with.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

JOB = "monthly"
DAY_OF_MONTH = 3


def definitions_of(found: Portfolio) -> dg.Definitions:
    """Assets, checks, job, schedule, sensor and resource of one portfolio."""
    months = dg.MonthlyPartitionsDefinition(
        start_date=f"{first_month(found):%Y-%m-%d}", timezone=found.time_zone
    )
    assets = all_assets(load(found.folder / "sql"), months)
    keys = {
        key.to_user_string()
        for asset in assets
        for key in ([asset.key] if isinstance(asset, dg.AssetSpec) else asset.keys)
    }
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        partitions_def=months,
        description="Ingest what landed, build what that makes stale, check, publish.",
    )
    return dg.Definitions(
        assets=dg.map_asset_specs(
            lambda spec: spec.replace_attributes(owners=_owners(found)), assets
        ),
        asset_checks=all_checks(frozenset(keys)),
        jobs=[job],
        schedules=[_schedule(job, found)],
        sensors=[_sensor(job, found), *alerts.sensors(job, found)],
        resources={"books": Books(folder=str(found.folder))},
        executor=dg.in_process_executor,
    )


def _schedule(job: "dg.JobDefinition | object", found: Portfolio) -> dg.ScheduleDefinition:
    """On the third day of a month: the month that has ended."""

    @dg.schedule(
        job=job,  # type: ignore[arg-type]
        cron_schedule=f"0 6 {DAY_OF_MONTH} * *",
        execution_timezone=found.time_zone,
        name="monthly_on_day_3",
        description="The month that has ended, once its bills are in.",
    )
    def monthly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        month = last_ended_month(found, context.scheduled_execution_time)
        return dg.RunRequest(partition_key=f"{month:%Y-%m-%d}", run_key=f"{month:%Y-%m}")

    return monthly


def _sensor(job: "dg.JobDefinition | object", found: Portfolio) -> dg.SensorDefinition:
    """New or changed files: one run for the last month that has ended, once a set of files."""

    @dg.sensor(
        job=job,  # type: ignore[arg-type]
        name="new_files",
        minimum_interval_seconds=300,
        description="Runs when a file lands or changes; a settled inbox asks for nothing.",
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        landed = _landed(found)
        if landed == (context.cursor or ""):
            return dg.SkipReason("no file has landed since the last run")
        context.update_cursor(landed)
        month = last_ended_month(portfolio.load(Path(found.folder)))
        return dg.RunRequest(partition_key=f"{month:%Y-%m-%d}", run_key=landed)

    return new_files


def _owners(found: Portfolio) -> list[str]:
    """The teams that answer for the systems, as Dagster writes teams."""
    named = {system.owner for system in found.systems if system.owner}
    return [f"team:{re.sub('[^A-Za-z0-9_-]+', '-', owner)}" for owner in sorted(named)]


def _landed(found: Portfolio) -> str:
    """A checksum of the names, sizes and times of all landed files."""
    from hashlib import sha256

    seen: Sequence[str] = sorted(
        f"{file.path}:{file.bytes}:{file.modified_at.isoformat()}"
        for dataset in (*DATASETS, *REFERENCES)
        for file in discover(found, dataset)
    )
    corrections = found.folder / correction_list.FILE
    seen = [*seen, corrections.read_text("utf-8") if corrections.is_file() else ""]
    return sha256("\n".join(seen).encode()).hexdigest()
