"""What every asset costs in every month of its life."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import register
from roi_pipeline.models.table import Read, table


@table(
    grain=("asset_id", "month", "kind", "is_home"),
    columns=register.SCHEMA,
    reads=("asset", "asset_change", "asset_document", "asset_service"),
)
def depreciation(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What every asset costs in every month of its life."""
    return register.depreciation(read)
