"""Whether a system is worth running: status, bounds, rule, action."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import statuses
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id"),
    columns=statuses.STATUS,
    reads=(
        "closed_threshold_status_monthly",
        "closing",
        "reviews",
        "roi_input",
        "run_scope",
        "systems",
        "terms",
    ),
)
def threshold_status_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """Whether a system is worth running: status, bounds, rule, action."""
    return statuses.threshold_status_monthly(read)
