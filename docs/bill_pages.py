"""One page a billing format, from the declaration that the adapter itself reads."""

from collections.abc import Iterator

from roi_pipeline.ingest.formats import BILLS
from roi_pipeline.ingest.formats.declared import FILLED, Bill, Fill
from roi_pipeline.ingest.inputs import BILLING


def pages() -> dict[str, str]:
    """Every page by its path below docs/."""
    index = "".join(f"- [`{bill.name}`]({bill.name}.md): {bill.title}\n" for bill in BILLS)
    found = {"billing/README.md": f"# Billing formats\n\n{_ABOUT}\n{index}"}
    return found | {f"billing/{bill.name}.md": "".join(_page(bill)) for bill in BILLS}


_ABOUT = f"""Every bill becomes the same row, the columns of FOCUS (see `billing` in
[inputs.md](../inputs.md)). Columns that have no place there are kept in `x`, under the name they
came with. A value that is not the provider's own but was filled from something else is named in
the row, in `x` under `{FILLED}`. A file of another format than its source says is refused with the
format it looks like.

A canonical column can be taken from elsewhere, or be one value in every row, with `columns` of the
source: `columns: {{billing_currency: "=USD", resource_id: MyColumn}}`.
"""


def _page(bill: Bill) -> Iterator[str]:
    yield f"# `{bill.name}`: {bill.title}\n\n"
    yield f"## Export it\n\n{bill.export}\n\n"
    yield "## Name it in portfolio.yaml\n\n```yaml\nsources:\n"
    yield f"  - dataset: billing\n    path: {bill.example}\n    format: {bill.name}\n```\n"
    if bill.notes:
        yield "\n## What to know\n\n" + "".join(f"- {note}\n" for note in bill.notes)
    if bill.refusals:
        yield "\nThe whole file is refused when rows are "
        yield "; ".join(f"{one.name} ({one.remedy})" for one in bill.refusals) + ".\n"
    yield "\n## What is taken from where\n\n"
    yield f"| column | from | how | `{FILLED}` says |\n|---|---|---|---|\n"
    yield from map(_row, bill.fills)
    if bill.tags_below:
        below = " and ".join(f"`{prefix}…`" for prefix in bill.tags_below)
        yield f"\nColumns {below} are one tag each.\n"
    never = [name for name in BILLING.names if name not in {fill.column for fill in bill.fills}]
    if listed := ", ".join(f"`{name}`" for name in never if name != "x"):
        yield f"\nNot filled: {listed}.\n"


def _row(fill: Fill) -> str:
    names = [_spoken(fill, name) for name in fill.sources]
    words = ", ".join(f"{key or 'none'} → {value}" for key, value in fill.words.items())
    how = "; ".join(filter(None, (fill.why, words)))
    return f"| `{fill.column}` | {', '.join(f'`{n}`' for n in names)} | {how} | {fill.filled} |\n"


def _spoken(fill: Fill, name: str) -> str:
    """A column of FOCUS is spoken in its own spelling.

    >>> _spoken(Fill("billed_cost", "billed_cost"), "billed_cost")
    'BilledCost'
    """
    return name.title().replace("_", "") if name == fill.column == fill.take else name
