"""How much of a month's gains and losses is in yet."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import development
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id"),
    columns=development.DEVELOPMENT,
    reads=("evidence_count", "run_month", "run_scope", "systems", "value_arrival"),
)
def development_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """How much of a month's gains and losses is in yet."""
    return development.development_monthly(read)
