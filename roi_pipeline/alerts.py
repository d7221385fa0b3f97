"""How a run of Dagster ended, in our own words; and the sensors that tell it to people.

Knows Dagster's events; what is told, and to whom, is in notices.py.
"""

from collections.abc import Iterable
from pathlib import Path

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from roi_pipeline import errors, notices, portfolio
from roi_pipeline.masking import quotes_nothing
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.quality import CheckOutcome, suites


def sensors(job: "dg.JobDefinition | object", found: Portfolio) -> list[dg.SensorDefinition]:
    """After every run of the job: transitions of what was published, or why nothing was."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[job],  # type: ignore[list-item]
        name="tell_transitions",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts new status transitions to $ROI_WEBHOOK_URL; nothing without it.",
    )
    def tell_transitions(_: dg.RunStatusSensorContext) -> None:
        notices.tell_published(portfolio.load(Path(found.folder)))

    @dg.run_failure_sensor(
        monitored_jobs=[job],  # type: ignore[list-item]
        name="tell_failures",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts failed critical checks, or the error, to $ROI_WEBHOOK_URL.",
    )
    def tell_failures(context: dg.RunFailureSensorContext) -> None:
        records = context.instance.get_records_for_run(
            context.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
        events = [record.event_log_entry.dagster_event for record in records]
        checks = failed_checks(event.asset_check_evaluation_data for event in events if event)
        ended = context.get_step_failure_events() or [context.failure_event]
        said = [message(event) for event in ended]
        notices.tell_failed(portfolio.load(Path(found.folder)), checks, said)

    return [tell_transitions, tell_failures]


def failed_checks(evaluations: Iterable[dg.AssetCheckEvaluation]) -> tuple[CheckOutcome, ...]:
    """The checks that did not hold, with what their suites say of them."""
    described = {
        (table, each.name): each.description
        for table, suite in suites().items()
        for each in suite.checks
    }
    return tuple(
        CheckOutcome(
            table=check.asset_key.to_user_string(),
            name=check.check_name,
            severity="critical" if check.severity is dg.AssetCheckSeverity.ERROR else "warning",
            passed=False,
            observed=_text(check, "observed"),
            failing=_number(check, "failing"),
            rows=_number(check, "rows"),
            error=_text(check, "error"),
            description=described.get((check.asset_key.to_user_string(), check.check_name), ""),
        )
        for check in evaluations
        if not check.passed
    )


def failures(events: Iterable[dg.DagsterEvent]) -> list[dg.DagsterEvent]:
    """The events that say why a run failed: of its steps, or of the run itself where it failed
    before its first step, while the books were opened."""
    found = [*events]
    steps = [event for event in found if event.is_step_failure]
    return steps or [
        event for event in found if event.event_type is dg.DagsterEventType.RUN_FAILURE
    ]


def message(event: dg.DagsterEvent) -> str:
    """What went wrong in a step or while a run opened, in our words where we had some, else the
    first cause: its kind, and its words only where they cannot quote data."""
    failure = event.step_failure_data if event.is_step_failure else None
    if failure and failure.user_failure_data and failure.user_failure_data.description:
        return str(failure.user_failure_data.description)
    error, kind = _told(event)
    if error is None:
        return ""
    if kind or str(error.cls_name).startswith("Dagster") or quotes_nothing(str(error.cls_name)):
        return error.message.strip().split(": ", 1)[-1]
    return f"unexpected {error.cls_name}"


def exit_code(event: dg.DagsterEvent) -> int | None:
    """The exit code of the kind of error that ended a step or a run; None when it is not ours."""
    _, kind = _told(event)
    return getattr(kind, "exit_code", None)


def _told(
    event: dg.DagsterEvent,
) -> tuple[SerializableErrorInfo | None, type[errors.RoiError] | None]:
    """The first error of ours that a failure comes from, which says what to do, else the one it
    began with. Dagster keeps no more of a kind than its name."""
    failure = event.step_failure_data if event.is_step_failure else event.job_failure_data
    error = failure.error
    while error is not None:
        kind = getattr(errors, str(error.cls_name), None)
        if kind or error.cause is None:
            return error, kind
        error = error.cause
    return None, None


def _text(check: dg.AssetCheckEvaluation, name: str) -> str | None:
    found = check.metadata.get(name)
    return None if found is None else str(found.value)


def _number(check: dg.AssetCheckEvaluation, name: str) -> int | None:
    found = check.metadata.get(name)
    return None if found is None else int(str(found.value))
