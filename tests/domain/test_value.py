from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roi_pipeline.domain import value
from roi_pipeline.domain.value import Month, allocate, split_change

money = st.integers(-(10**9), 10**9).map(lambda n: Decimal(n) / 100)
names = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5, unique=True)


def test_w12_coverage(worked):
    given_, expected = worked("W12")["inputs"], worked("W12")["expected"]
    counts = given_["acted"], given_["linked"], given_["matured_linked"]
    found = value.coverage(*counts)
    assert found.coverage == pytest.approx(expected["coverage"], abs=1e-6)
    assert found.maturity == pytest.approx(expected["maturity_of_linked"], abs=1e-6)
    assert found.evidence_share == pytest.approx(expected["evidence_share"], abs=1e-6)
    assert value.coverage(0, 0, 0) == value.Coverage(None, None, None)


def test_w12_bounds(worked):
    given_, expected = worked("W12")["inputs"], worked("W12")["expected"]
    found = value.bounds(
        Decimal(str(given_["realised_value"])),
        given_["acted"],
        given_["matured_linked"],
        Decimal(str(given_["min_value_per_decision"])),
        Decimal(str(given_["max_value_per_decision"])),
    )
    assert found.low == Decimal(str(expected["lower_bound"]))
    assert found.high == Decimal(str(expected["upper_bound"]))
    assert found.point == Decimal(str(expected["point_if_missing_at_random"]))


def test_nothing_known_has_bounds_but_no_point():
    found = value.bounds(Decimal(0), 10, 0, Decimal(-1), Decimal(2))
    assert (found.low, found.point, found.high) == (-10, None, 20)


def test_w16_shared_outcome(worked):
    given_, expected = worked("W16")["inputs"], worked("W16")["expected"]
    alone = {"A": Decimal(given_["vA"]), "B": Decimal(given_["vB"])}

    def worth(systems):
        return Decimal(given_["vAB"]) if len(systems) == 2 else alone[min(systems)]

    assert list(value.shapley("AB", worth).values()) == expected["shapley"]
    assert list(value.equal("AB", worth).values()) == expected["equal"]
    assert list(value.first_touch({"A": 1, "B": 2}, worth).values()) == expected["first_touch_A"]
    assert sum(alone.values()) - worth("AB") == expected["overcount"]


@given(names, st.data())
def test_w16_shares_add_up_to_the_union_exactly(systems, data):
    worths: dict[frozenset[str], Decimal] = {}

    def worth(group):
        if group not in worths:
            worths[group] = data.draw(money)
        return worths[group]

    union = worth(frozenset(systems))
    came = {system: data.draw(st.integers(1, 3)) for system in systems}
    for shares in (
        value.shapley(systems, worth),
        value.equal(systems, worth),
        value.first_touch(came, worth),
    ):
        assert sum(shares.values()) == union


@given(names, money)
def test_shapley_gives_the_idle_nothing(systems, amount):
    def worth(group):
        return amount if systems[0] in group else Decimal(0)

    shares = value.shapley(systems, worth)
    assert shares.pop(systems[0]) == amount
    assert set(shares.values()) <= {Decimal(0)}


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9), min_size=1))
def test_of_an_outcome_worth_the_same_to_all_the_first_to_act_has_it(came):
    shares = value.first_touch(came, lambda systems: Decimal(60))
    first = [system for system, place in came.items() if place == min(came.values())]
    assert all(shares[system] == Decimal(60) / len(first) for system in first)
    assert sum(shares.values()) == 60


@given(money, st.dictionaries(st.text("abcdef", min_size=1), st.integers(0, 10**6), min_size=1))
def test_an_allocation_loses_nothing_and_is_off_by_less_than_a_cent(amount, weights):
    if not sum(weights.values()):
        with pytest.raises(ValueError, match="add up to 0"):
            allocate(amount, weights)
        return
    parts = allocate(amount, weights)
    assert sum(parts.values()) == amount
    for name, weight in weights.items():
        exact = Fraction(amount) * weight / sum(weights.values())
        assert abs(Fraction(parts[name]) - exact) < Fraction(1, 100)


def test_an_allocation_keeps_what_is_smaller_than_a_cent():
    parts = allocate(Decimal("0.0123456789"), {"a": 1, "b": 2})
    assert sum(parts.values()) == Decimal("0.0123456789")


def month(given_, error_cost):
    keys = ("N", "q", "unit")
    numbers = (Decimal(str(given_[key])) for key in keys)
    return Month(*numbers, Decimal(str(error_cost)), Decimal(str(given_["A"])))


def test_w24_causes(worked):
    given_, expected = worked("W24")["inputs"], worked("W24")["expected"]
    before, after = (month(given_[k], given_["error_cost"]) for k in ("before", "after"))
    found = split_change(before, after)
    assert found.volume == Decimal(str(expected["volume_effect"]))
    assert found.quality == Decimal(str(expected["quality_effect"]))
    assert found.cost == Decimal(str(expected["cost_effect"]))
    assert found.price == 0
    assert found.total == Decimal(str(expected["delta_net"]))
    assert found.dominant == "quality"


months = st.builds(
    Month,
    volume=st.integers(0, 10**6).map(Decimal),
    quality=st.integers(0, 1000).map(lambda n: Decimal(n) / 1000),
    unit_value=money,
    error_cost=money,
    cost=money,
)


@given(months, months)
def test_w24_effects_add_up_exactly(before, after):
    found = split_change(before, after)
    assert found.total == after.net - before.net
    losses = [found.volume, found.quality, found.price, found.cost]
    assert (found.dominant is None) == (min(losses) >= 0)


@given(months, money, money)
def test_w24_price_is_a_cause_of_its_own(before, unit_value, error_cost):
    after = Month(before.volume, before.quality, unit_value, error_cost, before.cost)
    found = split_change(before, after)
    assert (found.volume, found.quality, found.cost) == (0, 0, 0)
    assert found.price == after.net - before.net
