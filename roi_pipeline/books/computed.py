"""Costs that are computed from measures must not be on an invoice too."""

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.warehouse import rows


def refuse_counted_twice(con: duckdb.DuckDBPyConnection) -> None:
    """Energy or floor space that is both computed and invoiced stops the run and is named."""
    found = rows(
        con,
        "select system_id, category, location, min(month), any_value(entry_id order by month) "
        "from counted_twice group by all order by all limit 10",
    )
    if not found:
        return
    told = "; ".join(
        f"{category} of {system_id} at {location} from {month:%Y-%m} is also entry {entry_id} of "
        "operating_costs"
        for system_id, category, location, month, entry_id in found
    )
    raise DataRefused(
        f"reference/facilities.csv: {told}: leave the price of the location empty from that day on "
        "(the invoice counts, the kilowatt-hours stay in the register), or give the entry the "
        "location it is for"
    )
