"""What a result depends on, and what it is under named scenarios."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import scenarios
from roi_pipeline.models.table import Read, table


@table(
    row="What a result depends on, and what it is under named scenarios.",
    grain=("month", "system_id", "analysis", "parameter", "scenario"),
    columns=scenarios.SENSITIVITY,
    reads=(
        "model_versions",
        "economics_monthly",
        "degradation_monthly",
        "roi_monthly",
        "terms",
        "setting",
        "run_month",
        "run_scope",
        "systems",
        "closing",
    ),
)
def sensitivity_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What a result depends on, and what it is under named scenarios."""
    return scenarios.sensitivity_monthly(read.con)
