"""The share of its final outcomes that each month of each system has."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import evidence
from roi_pipeline.models.table import Read, table


@table(
    row="The share of its final outcomes that each month of each system has.",
    grain=("month", "system_id"),
    columns=evidence.MATURITY,
    reads=("evidence_count", "setting", "run_month", "run_scope", "systems", "closing", "terms"),
)
def maturity(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """The share of its final outcomes that each month of each system has."""
    return evidence.maturity(read.con)
