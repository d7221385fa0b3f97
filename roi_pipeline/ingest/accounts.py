"""Which accounts a bill holds, and which bills of a month count where newer ones replace older.

A newer bill replaces an older one of the same accounts; a bill of other accounts adds to it. Knows
receipts and clean files of bills.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.columns import Contract

Pair = tuple[str, str]  # billing account and account below it; empty where the bill names none
Money = Mapping[Pair, tuple[int, Decimal]]  # rows, and the larger of the two costs' absolute sums
_ANY: Money = {("", ""): (0, Decimal(0))}

# Providers write one account with and without zeros in front, and ids in either case.
_HELD = """
select billing_month::varchar, {account}, {sub_account}, count(*),
    greatest(abs(sum(billed_cost)), abs(sum(effective_cost)))::varchar
from {rows}
group by 1, 2, 3 order by 1, 2, 3
"""
_PARTS = """
select month, delivery_id, path, export_group,
    from_json(notes -> 'accounts', '[["varchar"]]') as accounts
from delivery_months join deliveries using (dataset, delivery_id)
where dataset = 'billing' and source_id = $source_id and month is not null
    and delivery_id not in ({set_aside})
order by month, coalesce(exported_at, modified_at) desc, path desc, delivery_id desc
"""


@dataclass(frozen=True)
class Part:
    """What a delivery holds of one month, by account."""

    month: date
    delivery_id: str
    path: str
    export_group: str
    money: Money


def held(con: duckdb.DuckDBPyConnection, contract: Contract, rows: str) -> list[list[str]]:
    """Month, billing account, account below it, rows and money of a clean bill, as texts; of other
    datasets nothing."""
    if contract.dataset != "billing":
        return []
    account, sub_account = _plain("billing_account_id"), _plain("sub_account_id")
    query = _HELD.format(rows=rows, account=account, sub_account=sub_account)
    return [[str(value) for value in row] for row in con.execute(query).fetchall()]


def _plain(column: str) -> str:
    return f"ltrim(lower(trim(coalesce({column}, ''))), '0')"


def chosen(
    con: duckdb.DuckDBPyConnection, source_id: str, set_aside: str
) -> list[tuple[date, str]]:
    """Month and delivery of what counts of a source of bills that replace one another.

    Raises DataRefused where a newer bill holds some of the accounts of an older one and lacks
    others that have money: neither counting both nor the newer one alone would be right.
    """
    found = con.execute(_PARTS.format(set_aside=set_aside), {"source_id": source_id}).fetchall()
    months: dict[date, list[Part]] = {}
    for month, delivery_id, path, group, accounts in found:
        money = _money(accounts, str(month))
        months.setdefault(month, []).append(Part(month, delivery_id, path, group, money))
    return [(month, part.delivery_id) for month, parts in months.items() for part in _live(parts)]


def _money(accounts: Sequence[Sequence[str]] | None, month: str) -> Money:
    """The accounts of one month; those of a receipt that does not say them may be any."""
    found = {
        (account, below): (int(rows), Decimal(money))
        for said, account, below, rows, money in accounts or ()
        if said == month
    }
    return found or _ANY


def _live(parts: Sequence[Part]) -> Iterator[Part]:
    """Of a month's parts, newest first, those that count: of one path the newest version, of all
    exports the newest of an account."""
    paths: dict[str, list[Part]] = {}
    for part in parts:
        paths.setdefault(part.path, []).append(part)
    standing = {
        part.delivery_id
        for versions in paths.values()
        for part in _newest([[version] for version in versions])
    }
    exports: dict[str, list[Part]] = {}
    for part in parts:
        if part.delivery_id in standing:
            exports.setdefault(part.export_group, []).append(part)
    yield from _newest(list(exports.values()))


def _newest(candidates: Sequence[Sequence[Part]]) -> list[Part]:
    """The parts of those candidates, newest first, that no newer one replaces."""
    kept: list[Part] = []
    for candidate in candidates:
        covered = _by_account(pair for part in kept for pair in part.money)
        pairs = [pair for part in candidate for pair in part.money]
        missing = [pair for pair in pairs if not _covers(covered, pair)]
        if len(missing) == len(pairs):
            kept += candidate
        elif lost := [pair for pair in missing if any(_has_money(p, pair) for p in candidate)]:
            raise DataRefused(_message(kept, candidate, len(set(lost))))
    return kept


def _by_account(pairs: Iterable[Pair]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for account, below in pairs:
        found.setdefault(account, set()).add(below)
    return found


def _covers(known: Mapping[str, set[str]], pair: Pair) -> bool:
    """Whether an account is a known one; where either names no account it may be any."""
    account, below = pair
    if "" in known or (account == "" and known):
        return True
    return account in known and (below == "" or not known[account].isdisjoint(("", below)))


def _has_money(part: Part, pair: Pair) -> bool:
    return pair in part.money and part.money[pair][1] != 0


def _message(newer: Sequence[Part], older: Sequence[Part], count: int) -> str:
    first, accounts = newer[0], "1 account" if count == 1 else f"{count} accounts"
    return (
        f"{first.path}: holds no charges of {accounts} that {older[0].path} bills for "
        f"{first.month:%Y-%m}, and would replace it: deliver one export of all accounts, or each "
        "account by a source of its own; an account without charges any more is a row of 0"
    )


def rows_of(
    con: duckdb.DuckDBPyConnection, source_id: str, month: date, pairs: Iterable[Pair]
) -> int:
    """How many rows of a month count now of these accounts."""
    wanted, total = _by_account(pairs), 0
    for accounts, rows in con.execute(
        "select from_json(notes -> 'accounts', '[[\"varchar\"]]'), rows from delivery_months "
        "join deliveries using (dataset, delivery_id) "
        "where dataset = 'billing' and source_id = ? and month = ? and is_live",
        [source_id, month],
    ).fetchall():
        money = _money(accounts, str(month))
        known = {pair: count for pair, (count, _) in money.items() if _covers(wanted, pair)}
        total += int(rows) if money is _ANY else sum(known.values())
    return total
