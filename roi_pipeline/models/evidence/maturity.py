"""The share of its final outcomes that each month of each system has."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import evidence
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id"),
    columns=evidence.MATURITY,
    reads=("evidence_count", "outcome_arrival", "run_scope", "systems"),
)
def maturity(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """The share of its final outcomes that each month of each system has."""
    return evidence.maturity(read)
