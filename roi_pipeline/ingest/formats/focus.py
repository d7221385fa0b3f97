"""Cloud bills in FOCUS, versions 1.0 to 1.4: their columns are the canonical ones.

- Names are matched without case (the 1.2 examples write `SkuPriceid`); a canonical name is the
  FOCUS name in snake case, so no table of names is needed.
- `NULL`, `null`, `(null)` and `N/A` are how dumps of FOCUS files write an empty value.
- A time without an offset is UTC, because FOCUS says so (1.0 §2.7 date/time format), unless the
  source names another zone. A date such as `4/1/25` is refused, month and day being a guess.
- Columns that are not canonical, `x_` or not, are kept in `x`.
"""

from collections.abc import Sequence

from roi_pipeline.ingest.formats.declared import Bill, Fill
from roi_pipeline.ingest.inputs import BILLING

# The newest column a file has tells its version; columns of Cost and Usage that appeared in each.
_APPEARED = (
    ("1.4", ("commitmentprogrameligibilitydetails", "invoicedetailid")),
    ("1.3", ("hostprovidername", "serviceprovidername", "allocatedmethodid", "contractapplied")),
    ("1.2", ("invoiceid", "pricingcurrency", "billingaccounttype", "subaccounttype")),
    ("1.1", ("skumeter", "skupricedetails", "servicesubcategory", "capacityreservationid")),
)


def _told(header: Sequence[str]) -> dict[str, object]:
    return {"focus_version": version(header)}


def version(header: Sequence[str]) -> str:
    """The oldest FOCUS version that has all the columns of a header.

    >>> version(("BilledCost", "SkuMeter"))
    '1.1'
    """
    present = {column.strip().lower() for column in header}
    return next((name for name, columns in _APPEARED if present & set(columns)), "1.0")


BILL = Bill(
    name="focus",
    title="FOCUS, the FinOps Open Cost and Usage Specification, 1.0 to 1.4",
    fills=tuple(Fill(name, name) for name in BILLING.names if name != "x"),
    marks=("BilledCost", "ChargePeriodStart"),
    null_texts=("NULL", "null", "(null)", "N/A"),
    exported_at="x_ExportDateTime",
    told=_told,
    export="Take FOCUS wherever the provider offers it: AWS Data Exports (FOCUS 1.0 and 1.2), "
    "Azure Cost Management exports (FOCUS), Google Cloud's FOCUS view, OCI's FOCUS reports, and "
    "the FOCUS exports of Databricks, Snowflake and others. CSV, gzip or Parquet, one folder a "
    "billing period where a period comes in several files.",
    notes=(
        "The version is told by the newest column that a file has and stands in its receipt.",
        "Names are matched without case. `NULL`, `null`, `(null)` and `N/A` are empty values.",
        "A time without an offset is UTC, as FOCUS says, unless the source has a `time_zone`. A "
        "date such as `4/1/25` is refused: month and day would be a guess.",
        "Files that lack what a row needs, such as the correction examples of the specification, "
        'are given it by the source: `columns: {billing_currency: "=USD"}`.',
        "A correction of an earlier period (`ChargeClass` Correction) is cash in the period that "
        "bills it and accrual in the months it belongs to.",
    ),
    example="inbox/billing/focus/*/*.parquet",
)
