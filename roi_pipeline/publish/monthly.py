"""The monthly run: ingest what landed, build what that makes stale, check it, publish it.

Everything is refused before anything is published, and every refusal is named, not the first only.
"""

import logging
from dataclasses import dataclass

from roi_pipeline.errors import CheckFailed, DataRefused
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.deliveries import Refusal
from roi_pipeline.models import registry
from roi_pipeline.pipeline.run import Run
from roi_pipeline.portfolio import DATASETS, REFERENCES
from roi_pipeline.publish import editions
from roi_pipeline.publish.editions import Edition
from roi_pipeline.quality import CheckOutcome, blocking

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MonthlyResult:
    """What a run came to: an edition, or the files and checks that kept it from being published.

    `is_new` is False where the current edition already said all of it. `failed_checks` holds
    warnings too. `error` is what ended the run, `error_code` its exit code.
    """

    edition: Edition | None = None
    is_new: bool = True
    refused: tuple[Refusal, ...] = ()
    failed_checks: tuple[CheckOutcome, ...] = ()
    error: str | None = None
    error_code: int = 1

    @property
    def exit_code(self) -> int:
        """0, or why nothing was published (contracts §5)."""
        if self.error is not None:
            return self.error_code
        if blocking(self.failed_checks):
            return CheckFailed.exit_code
        return DataRefused.exit_code if self.refused else 0


def bring_up_to_date(run: Run) -> MonthlyResult:
    """Ingest, build, check and publish what a run covers.

    Raises DataRefused for a guard that has rows, and the errors of reading and building.
    """
    refused = ingest_all(run)
    if refused:
        return MonthlyResult(refused=refused)
    if edition := editions.published_as(run):
        return MonthlyResult(edition, is_new=False)
    return build_and_publish(run)


def rehearse(run: Run) -> MonthlyResult:
    """Do what a run does until it knows what cannot be booked; publish nothing.

    Files are ingested, what was delivered is checked, and the guards are built with what they read.
    No other table is: what only computing or checking one of them shows is not found. The run is to
    be one of a portfolio that is rehearsed. Raises as `bring_up_to_date` does.
    """
    refused = ingest_all(run)
    if refused:
        return MonthlyResult(refused=refused)
    failed = _failed_inputs(run)
    if not blocking(failed):
        log.info("pricing what was delivered")
        guards = [name for name, table in run.tables.items() if table.is_guard]
        needed = registry.ancestors(run.tables, guards)
        for name in run.stored_tables():
            if name in needed or run.tables[name].layer == "cells":
                run.build(name)
        editions.refuse_unwritable(run.portfolio.marts)
    return MonthlyResult(failed_checks=tuple(failed))


def ingest_all(run: Run) -> tuple[Refusal, ...]:
    """Ingest every dataset; returns the files that were rejected."""
    return tuple(
        refusal for dataset in (*DATASETS, *REFERENCES) for refusal in run.ingest(dataset).refused
    )


def build_and_publish(run: Run) -> MonthlyResult:
    """Check the inputs, build every table, check them, publish."""
    failed = _failed_inputs(run)
    if blocking(failed):
        return MonthlyResult(failed_checks=tuple(failed))
    log.info("building what is stale")
    built = [name for name in run.stored_tables() if run.build(name)]
    log.info("built %s of %s tables; checking them", len(built), len(run.stored_tables()))
    failed += _failed(run, [table for table in run.checked_tables() if table not in CONTRACTS])
    if blocking(failed):
        return MonthlyResult(failed_checks=tuple(failed))
    return MonthlyResult(editions.publish(run), failed_checks=tuple(failed))


def _failed_inputs(run: Run) -> list[CheckOutcome]:
    log.info("checking what was delivered")
    return _failed(run, [table for table in run.checked_tables() if table in CONTRACTS])


def _failed(run: Run, tables: list[str]) -> list[CheckOutcome]:
    return [one for table in tables for one in run.check(table) if not one.passed]
