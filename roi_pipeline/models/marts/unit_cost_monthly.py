"""What a prediction, a token, an hour cost, by serving mode."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import unit_costs
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id", "serving_mode"),
    columns=unit_costs.UNIT_COST,
    reads=(
        "accelerator_use",
        "cost_month",
        "mode_usage",
        "run_month",
        "setting",
        "success_count",
        "systems",
    ),
)
def unit_cost_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What a prediction, a token, an hour cost, by serving mode."""
    return unit_costs.unit_cost_monthly(read)
