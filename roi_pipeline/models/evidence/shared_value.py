"""What is taken off systems that had a hand in the same outcomes as others."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import sharing
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "observed_month", "system_id", "model_version", "serving_mode"),
    columns=sharing.SCHEMA,
    reads=("setting", "shared_again", "shared_month", "shared_worth"),
)
def shared_value(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What is taken off systems that had a hand in the same outcomes as others."""
    return sharing.shared_value(read)
