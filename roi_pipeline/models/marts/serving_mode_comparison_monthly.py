"""Real time against batch: cost, value, what moving changes."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import serving
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id", "serving_mode"),
    columns=serving.SERVING,
    reads=("serving_mode_month", "setting", "terms"),
)
def serving_mode_comparison_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """Real time against batch: cost, value, what moving changes."""
    return serving.serving_mode_comparison_monthly(read)
