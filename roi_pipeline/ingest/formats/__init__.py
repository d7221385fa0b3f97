"""Every format of delivered files by its name in portfolio.yaml; a new one is one file and a line.

An adapter lays out the columns of a table; a reader makes a table of text that is none.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.columns import Contract
from roi_pipeline.ingest.formats import (
    anthropic_cost,
    aws_cur,
    azure_cost,
    focus,
    gcp_billing,
    oci_cost,
    openai_costs,
)
from roi_pipeline.ingest.formats.declared import Bill
from roi_pipeline.ingest.layout import Layout, Table, table_layout
from roi_pipeline.ingest.rescue import Rescued
from roi_pipeline.portfolio import Source

Adapter = Callable[[Contract, Source, Table, str], Layout]
# Reads JSON that is not one row a line into rows and their header: file, its name, target.
Reader = Callable[[Path, str, Path], tuple[Rescued, tuple[str, ...]]]

BILLS: tuple[Bill, ...] = (
    focus.BILL,
    aws_cur.BILL,
    azure_cost.BILL,
    gcp_billing.BILL,
    oci_cost.BILL,
    openai_costs.BILL,
    anthropic_cost.BILL,
)
ADAPTERS: dict[str, Adapter] = {"table": table_layout, **{bill.name: bill.layout for bill in BILLS}}
READERS: dict[str, Reader] = {
    "openai_costs": openai_costs.read,
    "anthropic_cost": anthropic_cost.read,
}

START_BYTES = 65_536


def with_likely_format(
    error: DataRefused, source: Source, header: Sequence[str], text: Path
) -> DataRefused:
    """The same refusal, with the format that the file looks like where it is another one."""
    likely = likely_formats(header, text)
    if source.dataset != "billing" or not likely or source.format in likely:
        return error
    name, _, reason = str(error).partition(": ")
    return DataRefused(
        f"{name}: looks like {likely[0]} and not like {source.format}: write format: {likely[0]} "
        f"for the source {source.id} in portfolio.yaml; {reason}"
    )


def likely_formats(header: Sequence[str], text: Path) -> list[str]:
    """The billing formats whose marks a header has, or, of JSON, the start of the file."""
    if found := [bill.name for bill in BILLS if bill.is_like(header)]:
        return found
    with text.open("rb") as file:
        return _documents(file.read(START_BYTES))


def _documents(start: bytes) -> list[str]:
    is_json = start.lstrip()[:1] in (b"{", b"[")
    return [bill.name for bill in BILLS if is_json and bill.documents and bill.documents in start]
