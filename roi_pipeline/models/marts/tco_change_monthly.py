"""Why a cost changed from the month before: price, volume, mix, other."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import unit_costs
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id", "category", "driver"),
    columns=unit_costs.CHANGE,
    reads=("cost_driver_month", "mode_usage", "run_month", "setting"),
)
def tco_change_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """Why a cost changed from the month before: price, volume, mix, other."""
    return unit_costs.tco_change_monthly(read)
