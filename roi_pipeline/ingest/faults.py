"""What in a file's rows refuses it whole, and what to do about it.

Knows rules and which rows broke them; reads no file.
"""

from collections.abc import Collection
from decimal import Decimal

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.columns import DAY, INSTANT, REAL, WHOLE, Contract
from roi_pipeline.ingest.judging import Job
from roi_pipeline.portfolio import Portfolio

Malformed = tuple[tuple[int, str], ...]  # row number and reason of lines that are no rows
SHOWN = 5  # rows that a message names


def refuse_forbidden(con: duckdb.DuckDBPyConnection, job: Job, reasons: Collection[str]) -> None:
    """One row that does what nobody may do refuses the file, and is named."""
    for rule in job.contract.rules:
        if rule.remedy is None or rule.name not in reasons:
            continue
        raise DataRefused(f"{job.name}: row {_rows(con, [rule.name])}: {rule.name}; {rule.remedy}")


def _rows(
    con: duckdb.DuckDBPyConnection, reasons: Collection[str], malformed: Malformed = ()
) -> str:
    """The numbers of the first rows that are faulty for one of some reasons, or malformed."""
    numbers = {number for number, _ in malformed}
    if reasons:
        found = con.execute(
            "select row_no from faulty where list_contains($reasons::varchar[], reason) "
            "order by 1 limit $shown",
            {"reasons": [*reasons], "shown": SHOWN},
        )
        numbers |= {number for (number,) in found.fetchall()}
    return ", ".join(map(str, sorted(numbers)[:SHOWN]))


def refuse_many_faults(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    job: Job,
    rows: int,
    reasons: dict[str, int],
    malformed: Malformed,
) -> None:
    """Promise 10: a file with too many faults is a broken file, not a good one with some faults."""
    for refusal in job.layout.refusals:
        if found := reasons.get(refusal.name):
            raise DataRefused(
                f"{job.name}: {found} of {rows} rows are {refusal.name}; {refusal.remedy}"
            )
    counts = dict(reasons)
    for _, reason in malformed:
        counts[reason] = counts.get(reason, 0) + 1
    faulty = sum(counts.values())
    if not faulty or Decimal(faulty) <= portfolio.max_quarantined_share * rows:
        return
    listed = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    first = _rows(con, reasons, malformed) + (", …" if faulty > SHOWN else "")
    advice = _advice(job.contract, counts)
    raise DataRefused(
        f"{job.name}: {faulty} of {rows} rows cannot be used ({listed}), more than "
        f"{portfolio.max_quarantined_share * 100:f} %: row {first}; {advice}correct the file or "
        "its source's columns"
    )


def _advice(contract: Contract, reasons: Collection[str]) -> str:
    """How the values that could not be read are written."""
    kinds = {column.type for column in contract.columns if f"bad {column.name}" in reasons}
    has_numbers = any(kind in (WHOLE, REAL) or kind.startswith("DECIMAL") for kind in kinds)
    said = {
        "times are ISO 8601 with an offset, or need time_zone": INSTANT in kinds,
        "dates are YYYY-MM-DD": bool(kinds & {INSTANT, DAY}),
        "numbers have a decimal point and no sign for thousands": has_numbers,
    }
    return "".join(f"{remedy}; " for remedy, applies in said.items() if applies)
