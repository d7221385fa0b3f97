"""The monthly run: ingest what landed, build what that makes stale, check it, publish it.

Everything is refused before anything is published, and every refusal is named, not the first only.
"""

import logging
from dataclasses import dataclass

from roi_pipeline.errors import CheckFailed, DataRefused
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.deliveries import Refusal
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
        if self.edition is not None:
            return 0
        return CheckFailed.exit_code if blocking(self.failed_checks) else DataRefused.exit_code


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


def ingest_all(run: Run) -> tuple[Refusal, ...]:
    """Ingest every dataset; returns the files that were rejected."""
    return tuple(
        refusal for dataset in (*DATASETS, *REFERENCES) for refusal in run.ingest(dataset).refused
    )


def build_and_publish(run: Run) -> MonthlyResult:
    """Check the inputs, build every table, check them, publish."""
    inputs = [table for table in run.checked_tables() if table in CONTRACTS]
    log.info("checking what was delivered")
    failed = _failed(run, inputs)
    if blocking(failed):
        return MonthlyResult(failed_checks=tuple(failed))
    log.info("building what is stale")
    built = [name for name in run.stored_tables() if run.build(name)]
    log.info("built %s of %s tables; checking them", len(built), len(run.stored_tables()))
    failed += _failed(run, [table for table in run.checked_tables() if table not in CONTRACTS])
    if blocking(failed):
        return MonthlyResult(failed_checks=tuple(failed))
    return MonthlyResult(editions.publish(run), failed_checks=tuple(failed))


def _failed(run: Run, tables: list[str]) -> list[CheckOutcome]:
    return [one for table in tables for one in run.check(table) if not one.passed]
