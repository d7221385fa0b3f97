"""What in a file's rows refuses it whole, and what to do about it.

Knows rules and how many rows broke them; reads no file.
"""

from collections.abc import Collection
from decimal import Decimal

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.judging import Job
from roi_pipeline.portfolio import Portfolio

Malformed = tuple[tuple[int, str], ...]  # row number and reason of lines that are no rows


def refuse_forbidden(con: duckdb.DuckDBPyConnection, job: Job, reasons: Collection[str]) -> None:
    """One row that does what nobody may do refuses the file, and is named."""
    for rule in job.contract.rules:
        if rule.remedy is None or rule.name not in reasons:
            continue
        found = con.execute(
            "select row_no from faulty where reason = ? order by 1 limit 5", [rule.name]
        )
        listed = ", ".join(str(number) for (number,) in found.fetchall())
        raise DataRefused(f"{job.name}: row {listed}: {rule.name}; {rule.remedy}")


def refuse_many_faults(
    portfolio: Portfolio, job: Job, rows: int, reasons: dict[str, int], malformed: Malformed
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
    raise DataRefused(
        f"{job.name}: {faulty} of {rows} rows cannot be used ({listed}), more than "
        f"{portfolio.max_quarantined_share * 100:f} %; {_advice(counts)}correct the file or its "
        "source's columns"
    )


def _advice(counts: dict[str, int]) -> str:
    """What most often lies behind unreadable times and dates."""
    if any(reason.startswith("bad ") and reason[-3:] in ("_at", "_on", "end") for reason in counts):
        return "times are ISO 8601 with an offset, or need time_zone; dates are YYYY-MM-DD; "
    return "dates are YYYY-MM-DD; " if any(reason.endswith("start") for reason in counts) else ""
