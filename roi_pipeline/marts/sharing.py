"""What is taken from systems because others had a hand in the same outcomes, or they had before.

Knows how outcomes are shared; the views below it know what each system counted.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

import polars as pl

from roi_pipeline.domain import value
from roi_pipeline.domain.value import Worth
from roi_pipeline.marts.reading import Read

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


def shared_value(read: Read) -> pl.DataFrame:
    """What each system counted of outcomes that are not all its own, as an amount to take off.

    What is left of all systems is the worth of the outcomes counted once (method §2.7). No rows
    when no outcome has a shared key.
    """
    if read("shared_month").is_empty():
        return pl.DataFrame([], schema=SCHEMA)  # the views below take seconds to plan
    taken: dict[Place, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    with localcontext(prec=DIGITS):
        for company, position, outcomes, amount in of_companies(read):
            place = company[position][1]
            taken[place][0] += outcomes
            taken[place][1] += amount
        for place, outcomes, claim in _again(read):
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


def of_companies(read: Read) -> Iterator[tuple[Company, int, int, Decimal]]:
    """Of every company each member by its position, how many outcomes they share, and what the
    member keeps of them less what it counted."""
    rule = read("setting").item(0, "shared_outcomes")
    found: dict[Company, dict[int, Decimal]] = defaultdict(dict)
    outcomes: dict[Company, int] = {}
    for row in read("shared_worth").iter_rows(named=True):
        key = company_of(row["company"])
        found[key][row["members"]], outcomes[key] = row["worth"], row["outcomes"]
    for company, worths in found.items():

        def worth(members: frozenset[str], worths: Mapping[int, Decimal] = worths) -> Decimal:
            return worths[sum(1 << int(member) for member in members)]

        kept = shares(rule, [came for came, _ in company], worth)
        for position in range(len(company)):
            yield company, position, outcomes[company], kept[str(position)] - worths[1 << position]


def company_of(told: Sequence[Mapping[str, Any]]) -> Company:
    """A company as the views tell it, as a key."""
    return tuple((one["came"], tuple(one["place"].values())) for one in told)


def _again(read: Read) -> Iterator[tuple[Place, int, Decimal]]:
    """What systems counted more than once of one outcome."""
    counted = read("shared_again").select(*PLACE, "outcomes", "claim")
    for *place, outcomes, claim in counted.iter_rows():
        yield tuple(place), outcomes, claim
