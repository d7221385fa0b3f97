"""What is taken from systems because others had a hand in the same outcomes, or they had before.

Knows how outcomes are shared; the views below it know what each system counted.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain import value
from roi_pipeline.domain.value import Worth

DIGITS = 76  # sums of DECIMAL(38,15) must not be rounded by Python's default of 28
PLACE: dict[str, Any] = {
    "month": pl.Date,
    "observed_month": pl.Date,
    "system_id": pl.String,
    "model_version": pl.String,
    "serving_mode": pl.String,
}
SCHEMA: dict[str, Any] = {**PLACE, "outcomes": pl.Int64, "amount": pl.Decimal(38, 18)}
Place = tuple[Any, ...]
Company = tuple[tuple[int, Place], ...]  # who came when, and where: the first to act first


def shared_value(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What each system counted of outcomes that are not all its own, as an amount to take off.

    What is left of all systems is the worth of the outcomes counted once (method §2.7). No rows
    when no outcome has a shared key.
    """
    if not con.execute("select 1 from shared_cells limit 1").fetchall():
        return pl.DataFrame([], schema=SCHEMA)  # the views below need not be planned
    taken: dict[Place, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    with localcontext(prec=DIGITS):
        for company, position, outcomes, amount in of_companies(con):
            place = company[position][1]
            taken[place][0] += outcomes
            taken[place][1] += amount
        for place, outcomes, claim in _again(con):
            taken[place][0] += outcomes
            taken[place][1] -= claim
    rows = [
        dict(zip(SCHEMA, (*place, int(outcomes), amount), strict=True))
        for place, (outcomes, amount) in sorted(taken.items())
        if amount
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def shares(rule: str, came: Sequence[int], worth: Worth) -> Mapping[str, Decimal]:
    """What each member of a company keeps; members are named by their position.

    >>> shares("equal", [1, 2], lambda members: Decimal(130))
    {'0': Decimal('65.00'), '1': Decimal('65.00')}
    """
    members = [str(position) for position in range(len(came))]
    if rule == "first_touch":
        return value.first_touch(dict(zip(members, came, strict=True)), worth)
    return value.equal(members, worth) if rule == "equal" else value.shapley(members, worth)


def of_companies(
    con: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[Company, int, int, Decimal]]:
    """Of every company each member by its position, how many outcomes they share, and what the
    member keeps of them less what it counted."""
    (rule,) = con.execute("select shared_outcomes from setting").fetchall()[0]
    found: dict[Company, dict[int, Decimal]] = defaultdict(dict)
    outcomes: dict[Company, int] = {}
    for company, members, count, amount in con.execute(
        "select company, members, outcomes, worth from shared_worth order by all"
    ).fetchall():
        key = company_of(company)
        found[key][members], outcomes[key] = amount, count
    for company, worths in found.items():

        def worth(members: frozenset[str], worths: Mapping[int, Decimal] = worths) -> Decimal:
            return worths[sum(1 << int(member) for member in members)]

        kept = shares(rule, [came for came, _ in company], worth)
        for position in range(len(company)):
            yield company, position, outcomes[company], kept[str(position)] - worths[1 << position]


def company_of(told: Sequence[Mapping[str, Any]]) -> Company:
    """A company as the views tell it, as a key."""
    return tuple((one["came"], tuple(one["place"].values())) for one in told)


def _again(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Place, int, Decimal]]:
    """What systems counted more than once of one outcome."""
    named = ", ".join(PLACE)
    for *place, outcomes, claim in con.execute(
        f"select {named}, outcomes, claim from shared_again order by all"  # noqa: S608
    ).fetchall():
        yield tuple(place), outcomes, claim
