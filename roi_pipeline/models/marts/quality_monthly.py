"""How right a model version was in a month, with Wilson bounds."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import quality
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id", "model_version"),
    columns=quality.QUALITY,
    reads=("orphan_outcome", "quality_count", "quality_histogram", "usage_month"),
)
def quality_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """How right a model version was in a month, with Wilson bounds."""
    return quality.quality_monthly(read)
