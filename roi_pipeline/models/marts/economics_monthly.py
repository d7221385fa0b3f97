"""What a month was made of: volume, quality, worth of quality, cost."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import economics
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id"),
    columns=economics.ECONOMICS,
    reads=("economics_input", "setting", "terms"),
)
def economics_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What a month was made of: volume, quality, worth of quality, cost."""
    return economics.economics_monthly(read)
