"""Every way out of a system's situation, ranked by what it is worth."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import choices
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id", "option"),
    columns=choices.OPTIONS,
    reads=(
        "degradation_monthly",
        "economics_monthly",
        "model_versions",
        "option_cost",
        "run_month",
        "setting",
        "terms",
    ),
)
def options_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """Every way out of a system's situation, ranked by what it is worth."""
    return choices.options_monthly(read)
