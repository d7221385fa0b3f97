"""Which deliveries count now: what a newer export supersedes, and the views over the rest.

Knows receipts and clean files. Which version is newer depends on what the files say and when they
were written, never on the order in which they arrived.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest import accounts
from roi_pipeline.ingest.columns import Contract
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.months import month_sql
from roi_pipeline.ingest.receipt_files import CLEAN, folder_of
from roi_pipeline.portfolio import Portfolio, Source
from roi_pipeline.warehouse import parquet

_ID = "prediction_id"  # predictions and outcomes are joined on it, so both must have one type
LOGS = {"predictions", "outcomes"}

# Parameter $sources: texts `dataset/source`.
_VERSIONS = """
select dataset, source_id, month, delivery_id, path, export_group,
    coalesce(exported_at, modified_at) as version_at
from delivery_months join deliveries using (dataset, delivery_id)
where list_contains($sources::varchar[], dataset || '/' || source_id)
"""

# A corrected version stands for its delivery until its correction is withdrawn.
_REPLACED = """
select dataset, delivery_id from deliveries where (notes ->> 'withdrawn') is not null
union all
select dataset, notes ->> 'corrects' from deliveries
where (notes ->> 'corrects') is not null and (notes ->> 'withdrawn') is null
"""

_REPLACED_BILLS = f"select delivery_id from ({_REPLACED}) where dataset = 'billing'"  # noqa: S608

_ALL = f"""
select dataset, month, delivery_id
from ({_VERSIONS}) where (dataset, delivery_id) not in ({_REPLACED})
"""  # noqa: S608

# Of one path the newest version counts; of one month the newest export, whole.
_NEWEST = f"""
with standing as (
    select * from ({_VERSIONS}) where (dataset, delivery_id) not in ({_REPLACED})
    qualify row_number() over (
        partition by dataset, source_id, month, path order by version_at desc, delivery_id desc) = 1
)
select dataset, month, delivery_id from standing qualify export_group = first_value(export_group)
    over (partition by dataset, source_id, month
        order by version_at desc, path desc, delivery_id desc)
"""  # noqa: S608

_LISTED = """
select 'billing' as dataset, unnest($months::date[]) as month,
    unnest($ids::varchar[]) as delivery_id
"""

_SETTLE = """
update delivery_months set is_live = not is_live
from (
    select old.dataset, old.month, old.delivery_id, new.delivery_id is not null as is_now
    from ({versions}) as old left join ({chosen}) as new on new.dataset = old.dataset
        and new.delivery_id = old.delivery_id and new.month is not distinct from old.month
) as settled
where delivery_months.dataset = settled.dataset
    and delivery_months.delivery_id = settled.delivery_id
    and delivery_months.month is not distinct from settled.month
    and delivery_months.is_live <> settled.is_now
"""


@dataclass(frozen=True)
class Live:
    """A delivery in use; `months` are those that count, None when all of it does."""

    delivery_id: str
    source_id: str
    file: Path
    rows: int
    months: tuple[date, ...] | None
    has_uuids: bool


def clean_file(portfolio: Portfolio, dataset: str, delivery_id: str) -> Path:
    """Where the clean rows of a delivery lie."""
    return folder_of(portfolio, dataset, delivery_id) / CLEAN


def settle(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> list[str]:
    """Decide which months of the deliveries of some sources count (contracts §3).

    append: all of them. overwrite: of every month the newest export, whole, and of bills the newest
    of every account; a dataset without months is one unit. Writes only what changed. Returns why
    nothing was decided for a source, where a bill would replace one of further accounts.
    """
    keys: dict[str, list[str]] = {}
    undecided = []
    for source in sources:
        if source.dataset == "billing" and source.mechanism == "overwrite":
            try:
                _settle_bills(con, source)
            except DataRefused as error:
                undecided.append(str(error))
        else:
            keys.setdefault(source.mechanism, []).append(f"{source.dataset}/{source.id}")
    for mechanism, chosen in (("append", _ALL), ("overwrite", _NEWEST)):
        if named := keys.get(mechanism):
            query = _SETTLE.format(versions=_VERSIONS, chosen=chosen)
            con.execute(query, {"sources": named})
    return undecided


def settle_source(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """The same for one source; raises DataRefused, and changes nothing, where none is decided."""
    for reason in settle(con, [source]):
        raise DataRefused(reason)


def _settle_bills(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    found = accounts.chosen(con, source.id, _REPLACED_BILLS)
    bound = {
        "sources": [f"billing/{source.id}"],
        "months": [month for month, _ in found],
        "ids": [each for _, each in found],
    }
    con.execute(_SETTLE.format(versions=_VERSIONS, chosen=_LISTED), bound)


def create_views(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    datasets: Sequence[str] = tuple(CONTRACTS),
) -> None:
    """Make one temporary view a dataset over the rows that count; each has its contract's shape.

    Predictions and outcomes go together, for they agree on the type of their ids. Files from
    before a column was added to their contract give null for it.
    """
    if LOGS & {*datasets}:
        datasets = [*{*datasets} | LOGS]
    found = _live(con, portfolio, datasets, None)
    keeps_uuids = all(live.has_uuids for name in LOGS for live in found.get(name, ()))
    for name, live in found.items():
        zone = portfolio.time_zone
        view = partial(_view, CONTRACTS[name], live, zone, keeps_uuids=keeps_uuids)
        try:
            con.execute(f"create or replace temp view {name} as {view(lacks_columns=False)}")
        except duckdb.BinderException:
            con.execute(f"create or replace temp view {name} as {view(lacks_columns=True)}")


def live_deliveries(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    dataset: str,
    months: Sequence[date] | None,
) -> list[Live]:
    """The deliveries of a dataset that count, by id; with `months`, those with rows in one."""
    return _live(con, portfolio, (dataset,), months)[dataset]


def _live(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    datasets: Sequence[str],
    months: Sequence[date] | None,
) -> dict[str, list[Live]]:
    """For each dataset the deliveries that count; one question for all of them."""
    found = con.execute(
        """select dataset, delivery_id, any_value(source_id), sum(rows),
            list(month order by month) filter (is_live), bool_and(is_live),
            any_value(notes ->> 'id_type') = 'UUID'
        from delivery_months join deliveries using (dataset, delivery_id)
        where list_contains($datasets, dataset) and rows > 0
        group by dataset, delivery_id
        having bool_or(is_live and ($months is null or list_contains($months::date[], month)))
        order by dataset, delivery_id""",
        {"datasets": list(datasets), "months": None if months is None else list(months)},
    ).fetchall()
    live: dict[str, list[Live]] = {dataset: [] for dataset in datasets}
    for dataset, delivery_id, source_id, rows, counting, is_whole, has_uuids in found:
        live[dataset].append(
            Live(
                delivery_id,
                source_id,
                clean_file(portfolio, dataset, delivery_id),
                int(rows),
                None if is_whole else tuple(counting),
                bool(has_uuids),
            )
        )
    return live


def _view(
    contract: Contract,
    live: Sequence[Live],
    zone: str,
    *,
    keeps_uuids: bool,
    lacks_columns: bool,
) -> str:
    if not live:
        return _nothing(contract)
    select = partial(_select, contract, as_text=not keeps_uuids, lacks_columns=lacks_columns)
    wholes = [file for file in live if file.months is None]
    parts = [
        select([file.file for file in wholes if file.has_uuids is has])
        for has in (True, False)
        if any(file.has_uuids is has for file in wholes)
    ]
    parts += [
        f"{select([file.file])} where {month_sql(contract, zone)} in "
        f"({', '.join(f'date {month.isoformat()!r}' for month in file.months)})"
        for file in live
        if file.months is not None
    ]
    rows = " union all ".join(parts)
    return _newest_of_key(contract, rows) if _needs_newest(contract, live) else rows


def _nothing(contract: Contract) -> str:
    """No rows, of the contract's shape."""
    columns = ", ".join(f'null::{kind} as "{name}"' for name, kind in contract.shape)
    return f"select {columns} where false"


def _select(
    contract: Contract, files: Sequence[Path], *, as_text: bool, lacks_columns: bool
) -> str:
    columns = ", ".join(
        f'"{name}"::varchar as "{name}"' if name == _ID and as_text else f'"{name}"'
        for name, _ in contract.shape
    )
    source = parquet(*files)
    if lacks_columns:
        source = f"(select * from {source} union all by name {_nothing(contract)})"  # noqa: S608
    return f"select {columns} from {source}"  # noqa: S608


def _needs_newest(contract: Contract, live: Sequence[Live]) -> bool:
    return contract.repeated == "supersede" and len(live) > 1


def _newest_of_key(contract: Contract, rows: str) -> str:
    """Of rows delivered again under one key the newest version, ties broken by path and id.

    A ledger's keys are those of its source: two sources may number alike.
    """
    columns = ", ".join(f'rows."{name}"' for name, _ in contract.shape)
    names = ("source_id", *contract.key) if contract.is_ledger else contract.key
    key = ", ".join(f'rows."{name}"' for name in names)
    return (
        f"select {columns} from ({rows}) as rows join deliveries on "  # noqa: S608
        f"deliveries.dataset = '{contract.dataset}' "
        "and deliveries.delivery_id = rows.delivery_id "
        f"qualify row_number() over (partition by {key} order by coalesce(exported_at, "
        "modified_at) desc, path desc, rows.delivery_id desc, rows.row_no desc) = 1"
    )
