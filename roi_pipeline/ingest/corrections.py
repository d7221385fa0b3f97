"""What people set right in data that was delivered wrong (contracts §2, corrections.yaml).

A correction has a reason, an owner and a guard: what the value is expected to be until its source
is fixed. The corrected rows become one more delivery, which stands for the one it corrects; the
delivered file stays as it is, and everything that watches deliveries (stale months, restatements of
closed ones, `explain`) sees the correction as it sees any other. Corrections apply in the order of
their file, each to what the ones before it left.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest import accounts, casting, landing, months, receipt_files, receipts
from roi_pipeline.ingest.columns import TEXT
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.correction_list import FILE, Correction, read
from roi_pipeline.ingest.discovery import sources_of, workspace
from roi_pipeline.ingest.live import live_deliveries, settle_source
from roi_pipeline.ingest.months import exact_sum
from roi_pipeline.ingest.receipts import Receipt
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import parquet, transaction

REMEDY = f"if its source was fixed, remove it from {FILE}; else mend match or expect"


@dataclass(frozen=True)
class _Version:
    """A delivery in use and the query of its rows as corrected so far."""

    receipt: Receipt
    query: str
    bound: Mapping[str, object]
    applied: tuple[Correction, ...] = ()


def apply(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, dataset: str
) -> tuple[Receipt, ...]:
    """Let corrected versions stand for the deliveries in use; returns the receipts of new ones.

    Raises DataRefused, naming the correction, where a guard does not hold: nothing changes then.
    """
    wanted = [each for each in read(portfolio.folder) if each.dataset == dataset]
    standing = con.execute(
        "select count(*) from deliveries where dataset = ? and (notes ->> 'corrects') is not null",
        [dataset],
    ).fetchall()[0][0]
    if not wanted and not standing:
        return ()
    with transaction(con):
        con.execute(
            "update deliveries set notes = json_merge_patch(notes, '{\"withdrawn\": true}') "
            "where dataset = ? and (notes ->> 'corrects') is not null",
            [dataset],
        )
        _settle(con, portfolio, dataset)
        made = [_stand(con, portfolio, each) for each in _versions(con, portfolio, wanted, dataset)]
        _settle(con, portfolio, dataset)
    return tuple(receipt for receipt in made if receipt.is_new)


def _settle(con: duckdb.DuckDBPyConnection, portfolio: Portfolio, dataset: str) -> None:
    for source in sources_of(portfolio, dataset):
        settle_source(con, source)


def _versions(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    wanted: Sequence[Correction],
    dataset: str,
) -> list[_Version]:
    """The deliveries that corrections touch, with what becomes of their rows."""
    versions: dict[str, _Version] = {}
    for live in live_deliveries(con, portfolio, dataset, None) if wanted else ():
        query = f"select * from {parquet(live.file)}"  # noqa: S608
        receipt = receipts.of_delivery(con, dataset, live.delivery_id)
        versions[live.delivery_id] = _Version(receipt, query, {})
    for number, correction in enumerate(wanted):
        touched = [
            version
            for version in versions.values()
            if correction.match.get("file", version.receipt.path) == version.receipt.path
            and _rows(con, version, correction, number)
        ]
        if not touched:
            raise DataRefused(f"correction {correction.id}: matches no {dataset} in use; {REMEDY}")
        for version in touched:
            versions[version.receipt.delivery_id] = _corrected(con, version, correction, number)
    return [version for version in versions.values() if version.applied]


def _rows(
    con: duckdb.DuckDBPyConnection, version: _Version, correction: Correction, number: int
) -> int:
    """How many rows a correction matches; raises DataRefused where one is not as expected."""
    matching, bound = _test(correction, correction.match, f"m{number}")
    expected, more = _test(correction, correction.expect, f"e{number}")
    ((rows, as_expected),) = con.execute(
        f"select count(*), count(*) filter ({expected}) from ({version.query}) where {matching}",  # noqa: S608
        {**version.bound, **bound, **more},
    ).fetchall()
    if rows != as_expected:
        expected = ", ".join(correction.expect)
        raise DataRefused(
            f"correction {correction.id}: {rows - as_expected} of {rows} rows it matches in "
            f"{version.receipt.path} do not have the expected {expected} any more; {REMEDY}"
        )
    return int(rows)


def _test(
    correction: Correction, values: Mapping[str, str], prefix: str
) -> tuple[str, dict[str, object]]:
    """SQL that is true of the rows with these values, and its parameters."""
    contract, tests, bound = CONTRACTS[correction.dataset], ["true"], dict[str, object]()
    for name, value in values.items():
        if name == "file":
            continue
        bound[f"{prefix}_{name}"] = value or None
        wanted = f"${prefix}_{name}::varchar"
        if name == "row":
            tests.append(f"row_no = {wanted}::bigint")
            continue
        column = contract.column(name)
        has = f"{column.quoted}::varchar" if column.type == TEXT else column.quoted
        tests.append(f"{has} is not distinct from {casting.typed(column, wanted, TEXT, 'UTC')}")
    return " and ".join(tests), bound


def _corrected(
    con: duckdb.DuckDBPyConnection, version: _Version, correction: Correction, number: int
) -> _Version:
    """The same delivery with one correction more; raises DataRefused for a value that cannot be."""
    contract = CONTRACTS[correction.dataset]
    matching, bound = _test(correction, correction.match, f"m{number}")
    parts = []
    for name, value in correction.set.items():
        column, parameter = contract.column(name), f"s{number}_{name}"
        typed = casting.typed(column, f"${parameter}::varchar", TEXT, "UTC")
        ((is_readable,),) = con.execute(
            f"select ({typed}) is not null or ${parameter} is null",
            {parameter: value or None},
        ).fetchall()
        if not is_readable or (column.required and not value):
            raise DataRefused(f"correction {correction.id}: set.{name}: expected {column.type}")
        bound[parameter] = value or None
        parts.append(
            f"case when {matching} then {typed} else {column.quoted} end as {column.quoted}"
        )
    query = f"select * replace ({', '.join(parts)}) from ({version.query})"  # noqa: S608
    if contract.derived:
        again = ", ".join(f'{sql} as "{name}"' for name, _, sql in contract.derived)
        query = f"select * replace ({again}) from ({query})"  # noqa: S608
    bound = {**version.bound, **bound}
    for rule in contract.all_rules():
        broken = f"select count(*) from ({query}) where not ({rule.test})"  # noqa: S608
        if con.execute(broken, bound).fetchall()[0][0]:
            raise DataRefused(f"correction {correction.id}: set: {rule.name}; correct it in {FILE}")
    return replace(version, query=query, bound=bound, applied=(*version.applied, correction))


def _stand(con: duckdb.DuckDBPyConnection, portfolio: Portfolio, version: _Version) -> Receipt:
    """Let corrected rows stand for a delivery: written once, called back where they were before."""
    first = version.receipt
    said = json.dumps([each.model_dump(mode="json") for each in version.applied], sort_keys=True)
    identity = sha256(f"{first.delivery_id} {said}".encode()).hexdigest()
    if known := receipts.known(con, first.dataset, identity, first.reading):
        con.execute(
            "update deliveries set notes = json_merge_patch(notes, '{\"withdrawn\": null}') "
            "where dataset = ? and delivery_id = ?",
            [first.dataset, known.delivery_id],
        )
        return known
    return _written(con, portfolio, version, identity)


def _written(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, version: _Version, identity: str
) -> Receipt:
    first, contract = version.receipt, CONTRACTS[version.receipt.dataset]
    part = workspace(portfolio) / f"{identity[:16]}.parquet"
    con.execute(
        f"copy (select * replace ('{identity[:16]}' as delivery_id) from ({version.query})) "  # noqa: S608
        f"to {landing.literal(part)} (format parquet, compression zstd)",
        dict(version.bound),
    )
    found = months.months_of(con, contract, parquet(part), portfolio.time_zone)
    held = accounts.held(con, contract, parquet(part))
    amounts = [month.amount for month in found if month.amount is not None]
    rows = sum(month.rows for month in found)
    receipt = replace(
        first,
        delivery_id=identity[:16],
        file_sha256=identity,
        content_sha256=identity,
        bytes=part.stat().st_size,
        rows_read=rows,
        rows_accepted=rows,
        rows_quarantined=0,
        rows_superseded=0,
        money_total=exact_sum(amounts),
        notes={
            **({"id_type": first.notes["id_type"]} if "id_type" in first.notes else {}),
            **({"accounts": held} if held else {}),
            "corrects": first.delivery_id,
            "corrections": [each.id for each in version.applied],
        },
        months=tuple(month.month for month in found if month.month),
        is_new=True,
    )
    now = datetime.now(UTC)
    receipts.record(con, receipt, found, (), now)
    months.keep_money(con, contract, receipt.delivery_id, parquet(part))
    receipt_files.keep(con, portfolio, receipt, found, now, part)
    return receipt
