"""How a model version wears off, and when it stops earning its cost."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import wear
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id", "model_version"),
    columns=wear.DEGRADATION,
    reads=(
        "economics_monthly",
        "model_versions",
        "option_cost",
        "run_month",
        "setting",
        "terms",
        "version_quality",
    ),
)
def degradation_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """How a model version wears off, and when it stops earning its cost."""
    return wear.degradation_monthly(read)
