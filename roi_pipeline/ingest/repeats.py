"""Rows with one key: equal rows of a file are one row delivered twice, different ones are refused.

Knows keys and typed rows; which delivery replaces which is decided in `live`.
"""

import re
from collections.abc import Sequence
from typing import Any

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.columns import Contract
from roi_pipeline.ingest.discovery import sources_of
from roi_pipeline.ingest.judging import Job
from roi_pipeline.ingest.layout import FILE_ROW
from roi_pipeline.ingest.live import live_deliveries
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import parquet

_SHOWN = 3  # keys that a message names
_SHOWN_ROWS = 10
_CARD_DIGITS = 12


def refuse_conflicts(con: duckdb.DuckDBPyConnection, job: Job, ours: str) -> None:
    """Raises DataRefused, with keys, row numbers and amounts, where rows of `ours` share the
    contract's key and differ in any column, be it one of the contract or one that is not read.

    Rows of logs are left to the step that sees all deliveries (contracts §3.2).
    """
    contract = job.contract
    if not contract.key or contract.is_log:
        return
    key = ", ".join(f'"{name}"' for name in contract.key)
    con.execute(
        f"create or replace temp table repeat as select * from {ours} "  # noqa: S608
        f"where fault is null qualify count(*) over (partition by {key}) > 1"
    )
    ((rows,),) = con.execute("select count(*) from repeat").fetchall()
    if rows:
        _compare(con, job, key)


def _compare(con: duckdb.DuckDBPyConnection, job: Job, key: str) -> None:
    contract, unread = job.contract, job.table.beside(job.layout.cells).values()
    others = ", ".join(["null", *(cell.sql for cell in unread)])
    sent = f"select {job.table.row_no} as row_no, row({others}) as others from {job.table.sql}"  # noqa: S608
    whole = ", ".join(f'"{name}"' for name in contract.names)
    values = ", ".join(f'any_value("{name}")::varchar' for name in contract.key)
    money = f'"{contract.money}"' if contract.money else "null"
    conflicts = con.execute(
        f"select list(row_no order by row_no), list({money} order by row_no), "  # noqa: S608
        f"[{values}] "
        f"from repeat join ({sent}) using (row_no) group by {key} "
        f"having count(distinct row({whole}, others)) > 1 order by min(row_no)",
        job.table.parameters,
    ).fetchall()
    if conflicts:
        raise DataRefused(_message(job, conflicts))


def _message(job: Job, conflicts: Sequence[tuple[list[int], list[Any], list[str]]]) -> str:
    contract, found = job.contract, []
    for numbers, amounts, values in conflicts[:_SHOWN]:
        rows = ", ".join(map(str, numbers[:_SHOWN_ROWS])) + ("…" if numbers[_SHOWN_ROWS:] else "")
        money = ", ".join(_code(f"{a:f}") for a in amounts[:_SHOWN_ROWS] if a is not None)
        said = f" ({contract.money} {money})" if money else ""
        found.append(
            f"rows {rows} repeat {' + '.join(contract.key)} {_shown_key(contract, values)} "
            f"with different values{said}"
        )
    more = f", and {len(conflicts) - _SHOWN} more keys" if conflicts[_SHOWN:] else ""
    lines = (
        f', or, where every row is a line of its own, map {contract.key[0]}: "{FILE_ROW}" in the '
        "source's columns"
        if contract.column(contract.key[0]).is_line
        else ""
    )
    return f"{job.name}: {'; '.join(found)}{more}; keep one row a key{lines}"


def _shown_key(contract: Contract, values: Sequence[str]) -> str:
    """The values of a key; those of a fixed list (kinds, currencies) as they are."""
    columns = [contract.column(name) for name in contract.key]
    return ", ".join(
        repr(value) if column.rule and column.rule.name.startswith("unknown ") else _code(value)
        for column, value in zip(columns, values, strict=True)
    )


def _code(value: str) -> str:
    """A value as a message may show it: a document's number or an id in small letters, but neither
    words, which may be a name or an address, nor as many digits as a card has.

    >>> _code("INV-7"), _code("card-fraud"), _code("2026-10-05"), _code("50.000000000000")
    ("'INV-7'", "'card-fraud'", "'2026-10-05'", '50')
    >>> {_code("jane@example.com"), _code("Jane Doe"), _code("4111111111111111")}
    {'(not shown)'}
    """
    if re.fullmatch(r"-?[0-9]+[.][0-9]+", value):
        value = value.rstrip("0").rstrip(".")
    digits = sum(map(str.isdigit, value))
    if digits >= _CARD_DIGITS:
        return "(not shown)"
    if re.fullmatch(r"-?[0-9]+([.][0-9]+)?", value):
        return value
    is_code = re.fullmatch(r"[A-Za-z0-9._/-]{1,40}", value) and (digits or value.islower())
    return repr(value) if is_code else "(not shown)"


def refuse_shared(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, job: Job, ours: str
) -> None:
    """Raises DataRefused where rows of `ours` have the key of other rows of another source, and
    what refers to them by that key alone could not be told apart: assets and predictions.

    The same call that two instruments log (id and system are equal, the instants at most a minute
    apart) is no such case.
    """
    same = _SAME.get(job.contract.dataset)
    sources = {source.id for source in sources_of(portfolio, job.contract.dataset)}
    others = sources - {job.source_id}
    if same is None or not others:
        return
    active = live_deliveries(con, portfolio, job.contract.dataset, None)
    files = [delivery.file for delivery in active if delivery.source_id in others]
    if not files:
        return
    (key,) = job.contract.key
    found = con.execute(
        f"""select any_value(theirs.{key}::varchar order by theirs.row_no), count(*),
            d.path, d.source_id
        from {ours} as ours
        join {parquet(*files)} as theirs
            on theirs.{key}::varchar = ours.{key}::varchar
        join deliveries as d on d.dataset = $dataset and d.delivery_id = theirs.delivery_id
        where not ({same})
        group by d.path, d.source_id order by d.path limit 1""",  # noqa: S608
        {"dataset": job.contract.dataset},
    ).fetchall()
    for value, count, path, source in found:
        what = f"{key} {_code(value)} is" if key == "asset_id" else f"{count} prediction ids are"
        raise DataRefused(
            f"{job.name}: {what} also in {path} of source {source}, with other values; make ids "
            "differ by source, for example by a prefix, or deliver one of the two"
        )


_SAME = {
    "capex": "false",
    "predictions": (
        "ours.system_id = theirs.system_id and abs(epoch_us(ours.predicted_at) - "
        "epoch_us(theirs.predicted_at)) <= 60000000"
    ),
}
