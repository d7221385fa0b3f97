"""What a ledger month cannot be booked with: a count without a price, money without a rate, charges
delivered twice. Each is refused by name."""

from collections.abc import Sequence
from datetime import date

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import rows


def refuse_unpriced(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """A counted driver without a price, or money without a rate, stops the run and is named."""
    if name == "value_priced":
        missing = rows(
            con,
            """
            select priced_as, unit, system_id, min(day), max(day), sum(quantity)
            from value_priced where open_cell_id is null and unit_price is null
            group by all order by all limit 10
            """,
        )
        if missing:
            lines = [
                f"no price for {driver} ({unit}) of {system} from {first} to {last} "
                f"(quantity {count:f})"
                for driver, unit, system, first, last, count in missing
            ]
            raise DataRefused(
                "reference/prices.csv: " + "; ".join(lines) + ": add a row with a valid_from on or "
                "before the first of these days"
            )
    for table, column in _RATED.items():
        if table == name and (unrated := rows(con, _UNRATED[table])):
            raise DataRefused(
                "fx: "
                + "; ".join(f"no rate for {money} on or before {day}" for money, day in unrated)
                + f": deliver rates that reach back to these days ({column} would be unknown)"
            )


def refuse_repeated(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, months: Sequence[date]
) -> None:
    """The same ten or more charges in two files, or one account's month from two sources, would be
    paid twice: refused, unless a source says that it holds a part (`holds_part: true`). Fewer equal
    charges of one source can be alike by chance."""
    parts = [source.id for source in portfolio.sources if source.holds_part]
    found = rows(
        con,
        """
        select r.is_identical and r.rows >= 10, a.source_id, b.source_id, a.path, b.path,
            r.billing_month, r.account, r.billed_cost, r.currency
        from repeated_bill as r
        inner join deliveries as a on a.dataset = 'billing' and a.delivery_id = r.delivery_id
        inner join deliveries as b on b.dataset = 'billing' and b.delivery_id = r.other_delivery_id
        where list_contains($months, r.billing_month) and (
            (r.is_identical and r.rows >= 10) or (a.source_id <> b.source_id
                and not list_has_any($parts::varchar[], [a.source_id, b.source_id])))
        order by all desc limit 10
        """,
        {"months": list(months), "parts": parts},
    )
    told = []
    for is_same, source, other, first, second, month, account, cost, currency in found:
        money = f"{month:%Y-%m} ({cost:,.2f} {currency})"
        told.append(
            f"{first} and {second} hold the same charges of {money}: remove one file and its "
            "source, or set mechanism: overwrite, so that the newer one replaces the older"
            if is_same
            else f"{first} ({source}) and {second} ({other}) both bill account {account} for "
            f"{money}: remove one source, or, if each holds other charges, write holds_part: true "
            f"for {other} in portfolio.yaml"
        )
    if told:
        raise DataRefused("billing: " + "; ".join(told))


_RATED = {"value_priced": "rate", "ledger_value": "amount", "ledger_cost": "amount"}
_UNRATED = {
    "value_priced": (
        "select currency, min(day) from value_priced "
        "where open_cell_id is null and rate is null and unit_price is not null "
        "group by all order by all limit 10"
    ),
    "ledger_value": (
        "select stated_currency, min(month) from indirect_value "
        "where stated_amount is not null and amount is null group by all order by all limit 10"
    ),
    "ledger_cost": (
        "select currency, min(document_on) from ("
        "select currency, document_on from charge where rate is null "
        "union all select currency, document_on from entry where amount is null "
        "union all select currency, document_on from asset_document where amount is null "
        "union all select currency, document_on from computed_cost where amount is null"
        ") where exists (select 1 from ledger_cost where amount is null) "
        "group by all order by all limit 10"
    ),
}
