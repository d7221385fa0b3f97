"""Cloud bills in FOCUS, versions 1.0 to 1.4: which of their columns are the canonical ones.

Knows the FOCUS specification and what real exporters do to it. Decisions:
- Names are matched without case (the 1.2 examples write `SkuPriceid`); a canonical name is the
  FOCUS name in snake case, so no table of names is needed.
- `NULL`, `null`, `(null)` and `N/A` are how dumps of FOCUS files write an empty value.
- A time without an offset is UTC, because FOCUS says so (1.0 §2.7 date/time format), unless the
  source names another zone. A date such as `4/1/25` is refused, month and day being a guess.
- Columns that are not canonical, `x_` or not, are kept in `x`.
"""

from roi_pipeline.ingest.columns import Contract
from roi_pipeline.ingest.layout import Layout, Table, place, refuse_repeated
from roi_pipeline.portfolio import Source

NULL_TEXTS = ("NULL", "null", "(null)", "N/A")

# The newest column a file has tells its version; columns of FOCUS that appeared in each.
_APPEARED = (
    ("1.3", ("hostprovidername", "serviceprovidername", "allocatedmethodid", "contractapplied")),
    ("1.2", ("invoiceid", "pricingcurrency", "billingaccounttype", "subaccounttype")),
    ("1.1", ("skumeter", "skupricedetails", "servicesubcategory", "capacityreservationid")),
)


def focus_layout(contract: Contract, source: Source, table: Table, name: str) -> Layout:
    """The layout of a FOCUS file; raises DataRefused for a header that cannot be read as one."""
    header = tuple(_plain(column) for column in table.header)
    refuse_repeated(header, name)
    positions = {column: position for position, column in enumerate(header)}
    spoken = {column.name.replace("_", ""): column.name for column in contract.columns}
    known = {spoken.get(column, column): position for column, position in positions.items()}
    lowered = {
        canonical: wanted if wanted.startswith("=") else spoken.get(_plain(wanted), _plain(wanted))
        for canonical, wanted in source.columns.items()
    }
    mapped = source.model_copy(update={"columns": lowered})
    cells, constants = place(contract, mapped, table, known, name)
    cells.pop("x", None)
    exported_at = positions.get("x_exportdatetime")
    return Layout(
        cells,
        constants,
        extras={column.strip(): cell for column, cell in table.beside(cells).items()},
        null_texts=NULL_TEXTS,
        naive_zone=source.time_zone or "UTC",
        exported_at=None if exported_at is None else table.cell(exported_at),
        notes={"focus_version": version(header)},
    )


def version(header: tuple[str, ...]) -> str:
    """The oldest FOCUS version that has all the columns of a lower-case header.

    >>> version(("billedcost", "skumeter"))
    '1.1'
    """
    present = set(header)
    return next((name for name, columns in _APPEARED if present & set(columns)), "1.0")


def _plain(name: str) -> str:
    return name.strip().lower()
