"""Great Expectations suites and the publication gate as Dagster asset checks."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from roi_pipeline.pipeline.checks import all_suites
from roi_pipeline.quality import CheckOutcome, Suite
from roi_pipeline.resource import Books

SEVERITIES = {
    "critical": dg.AssetCheckSeverity.ERROR,
    "warning": dg.AssetCheckSeverity.WARN,
    "info": dg.AssetCheckSeverity.WARN,
}


def suite_checks(suite: Suite) -> dg.AssetChecksDefinition:
    """One asset check an expectation; a critical one blocks everything downstream of its table."""

    @dg.multi_asset_check(
        name=f"{suite.table}_suite",
        specs=[
            dg.AssetCheckSpec(
                check.name,
                asset=suite.table,
                description=check.description,
                blocking=check.is_blocking,
            )
            for check in suite.checks
        ],
        can_subset=True,  # people may run one check from the UI
    )
    def run(context: dg.AssetCheckExecutionContext, books: Books) -> Iterator[dg.AssetCheckResult]:
        asked = {key.name for key in context.selected_asset_check_keys}
        for outcome in books.run.check(suite.table):
            if outcome.name in asked:
                yield _result(suite.table, outcome)

    return run


def all_checks(tables: frozenset[str]) -> list[dg.AssetChecksDefinition]:
    """The checks of every suite whose table is an asset."""
    return [suite_checks(suite) for name, suite in sorted(all_suites().items()) if name in tables]


def _result(table: str, outcome: CheckOutcome) -> dg.AssetCheckResult:
    numbers: Mapping[str, Any] = {
        "observed": outcome.observed,
        "failing": outcome.failing,
        "rows": outcome.rows,
        "error": outcome.error,
    }
    severity = dg.AssetCheckSeverity.ERROR if outcome.is_blocking else SEVERITIES[outcome.severity]
    return dg.AssetCheckResult(
        asset_key=table,
        check_name=outcome.name,
        passed=outcome.passed,
        severity=severity,
        metadata={name: value for name, value in numbers.items() if value is not None},
    )
