"""What a system returned, since the investment and over its evidence window."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import returns
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id"),
    columns=returns.ROI,
    reads=("roi_input", "setting", "terms"),
)
def roi_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What a system returned, since the investment and over its evidence window."""
    return returns.roi_monthly(read)
