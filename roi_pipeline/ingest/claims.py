"""Which source a delivered file belongs to: one that two sources would count, or that changed its
source, is rejected, since its rows would count twice. Reads receipts and settings, no file.
"""

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from roi_pipeline.ingest.discovery import Found, sources_of
from roi_pipeline.ingest.readings import reading_of
from roi_pipeline.portfolio import FILE, Portfolio

_DELIVERED_BY = """
select distinct path, source_id
from deliveries join delivery_months using (dataset, delivery_id)
where dataset = $dataset and is_live
order by all
"""


def claimed(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, dataset: str, files: Sequence[Found]
) -> list[Found]:
    """The same files, in order; one that cannot belong to its source carries that as its fault.

    Two sources may read one file for different rows, never for the same. Files of a source that
    portfolio.yaml no longer names may go to another source: `readings` withdraws them.
    """
    sources = {source.id: source for source in sources_of(portfolio, dataset)}
    alike = {
        name: reading_of(portfolio, source.model_copy(update={"id": "any"}))
        for name, source in sources.items()
    }
    matching: dict[str, list[str]] = {}
    for found in files:
        matching.setdefault(found.path, []).append(found.source.id)
    delivered: dict[str, list[str]] = {}
    for path, source_id in con.execute(_DELIVERED_BY, {"dataset": dataset}).fetchall():
        if source_id in sources and source_id not in matching.get(path, [source_id]):
            delivered.setdefault(path, []).append(source_id)
    return [
        replace(found, fault=found.fault or _fault(found, matching, alike, delivered))
        for found in files
    ]


def _fault(
    found: Found,
    matching: dict[str, list[str]],
    alike: dict[str, str],
    delivered: dict[str, list[str]],
) -> str | None:
    own = alike[found.source.id]
    same = [name for name in matching[found.path] if alike[name] == own]
    if len(same) > 1:
        return (
            f"matches the paths of the sources {' and '.join(sorted(same))}, which read it alike, "
            "and would count twice: let only one of them match it"
        )
    if earlier := delivered.get(found.path):
        return (
            f"was delivered by source {earlier[0]}, whose path does not match it any more, and "
            f"would count twice as a file of source {found.source.id}: a source keeps its files "
            f"by its id: write id: {earlier[0]} for the source that has this path in {FILE}"
        )
    return None
