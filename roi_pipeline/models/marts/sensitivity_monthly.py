"""What a result depends on, and what it is under named scenarios."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import scenarios
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id", "analysis", "parameter", "scenario"),
    columns=scenarios.SENSITIVITY,
    reads=(
        "degradation_monthly",
        "economics_monthly",
        "roi_monthly",
        "run_month",
        "setting",
        "terms",
    ),
)
def sensitivity_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What a result depends on, and what it is under named scenarios."""
    return scenarios.sensitivity_monthly(read, months)
