import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roi_pipeline.domain.calendar import add_months, month_of, months_between
from roi_pipeline.domain.depreciation import Asset, Event, schedule
from roi_pipeline.domain.spreading import declining_balance, spread
from roi_pipeline.errors import DataRefused

CENT = Decimal("0.01")
METHODS = ["straight_line", "declining_balance_150", "declining_balance_200", "sum_of_years_digits"]

cents = st.integers(0, 10**9).map(lambda n: Decimal(n) / 100)
days = st.one_of(
    st.dates(date(2000, 1, 1), date(2040, 12, 31)),
    st.sampled_from([date(year, 2, 29) for year in range(2000, 2041, 4)]),
)


@st.composite
def assets(draw, methods=("straight_line",)):
    cost = draw(cents)
    return Asset(
        asset_id="a-1",
        owner="card-fraud",
        in_service_on=draw(days),
        cost=cost,
        life_months=draw(st.integers(1, 120)),
        salvage=draw(st.integers(0, int(cost * 100))) * CENT,
        method=draw(st.sampled_from(methods)),
    )


def total(charges):
    return sum((charge.amount for charge in charges), Decimal(0))


@settings(max_examples=500)
@given(assets())
def test_promise_21_straight_line_adds_up_to_the_cent(asset):
    charges = schedule(asset)
    amounts = [charge.amount for charge in charges]
    life = [add_months(month_of(asset.in_service_on), k) for k in range(asset.life_months)]
    assert total(charges) == asset.cost - asset.salvage
    assert [charge.month for charge in charges] == life
    assert max(amounts) - min(amounts) <= CENT
    assert all(amount == amount.quantize(CENT) for amount in amounts)
    assert charges[-1].book_value == asset.salvage


@given(assets())
def test_charges_are_differences_of_the_rounded_cumulative(asset):
    base, life = asset.cost - asset.salvage, asset.life_months
    reached = [(base * k / life).quantize(CENT) for k in range(life + 1)]
    found = [charge.amount for charge in schedule(asset)]
    assert found == [b - a for a, b in itertools.pairwise(reached)]


@given(assets(METHODS), st.integers(-3, 130), cents)
def test_disposal_writes_off_what_remains_less_proceeds(asset, age, proceeds):
    disposed_on = add_months(asset.in_service_on, age)
    charges = schedule(replace(asset, disposed_on=disposed_on, disposal_proceeds=proceeds))
    *before, last = charges
    assert (last.kind, last.month, last.book_value) == ("write_off", disposed_on, 0)
    assert total(charges) == asset.cost - proceeds  # the cash view's total, method §1.3
    kept = schedule(asset)
    assert before == [charge for charge in kept if charge.month < disposed_on]


events = st.lists(
    st.tuples(
        st.integers(-2, 130),
        st.sampled_from(["impairment", "improvement", "partial_disposal", "transfer"]),
        st.integers(1, 100),
        cents,
    ),
    max_size=5,
)


@settings(max_examples=300)
@given(assets(METHODS), events)
def test_with_events_everything_spent_is_charged_or_on_the_books(asset, drawn):
    """Amounts of events are shares of what there is at the time, so that they fit."""
    happened: list[Event] = []
    for age, kind, percent, proceeds in sorted(drawn):
        if kind == "improvement" and age >= asset.life_months:
            continue
        so_far = [
            c
            for c in schedule(asset, happened)
            if months_between(asset.in_service_on, c.month) < age
        ]
        cost = asset.cost - sum(e.amount for e in happened if e.kind == "partial_disposal")
        book = min([c.book_value for c in so_far], default=asset.cost)
        base = {"partial_disposal": cost, "impairment": book}.get(kind, asset.cost)
        amount = (base * percent / 400).quantize(CENT)
        if not amount or any(
            months_between(asset.in_service_on, e.event_on) == age for e in happened
        ):
            continue
        sold = proceeds if kind == "partial_disposal" else Decimal(0)
        day = add_months(asset.in_service_on, age)
        happened.append(Event(day, kind, amount, sold, "other"))
    charges = schedule(asset, happened)
    spent = asset.cost + sum(e.amount for e in happened if e.kind == "improvement")
    earned = sum(e.proceeds for e in happened)
    assert total(charges) + charges[-1].book_value == spent - earned
    assert all(c.amount >= 0 for c in charges if c.kind in ("depreciation", "impairment"))
    moves = [c for c in charges if c.kind == "transfer"]
    assert total(moves) == 0
    moved = [e.event_on for e in happened if e.kind == "transfer"]
    for charge in (c for c in charges if c.kind != "transfer"):
        assert charge.owner == ("other" if any(charge.month >= m for m in moved) else "card-fraud")


server = Asset("srv-9", "card-fraud", date(2026, 1, 20), Decimal(1200), 12)


def amounts(charges):
    return [(f"{c.month:%m}", c.kind, str(c.amount)) for c in charges]


def test_an_improvement_raises_later_charges_only():
    charges = schedule(server, [Event(date(2026, 7, 3), "improvement", Decimal(60))])
    assert [str(c.amount) for c in charges] == ["100.00"] * 6 + ["110.00"] * 6


def test_an_impairment_is_charged_at_once_and_lowers_later_charges():
    charges = schedule(server, [Event(date(2026, 7, 3), "impairment", Decimal(300))])
    assert amounts(charges)[5:8] == [
        ("06", "depreciation", "100.00"),
        ("07", "impairment", "300"),
        ("07", "depreciation", "50.00"),
    ]


def test_an_impairment_may_take_all_that_is_left():
    charges = schedule(server, [Event(date(2026, 7, 3), "impairment", Decimal(600))])
    assert {c.amount for c in charges[7:]} == {0}
    assert charges[-1].book_value == 0


def test_a_partial_disposal_takes_its_share_of_the_book_value():
    event = Event(date(2026, 7, 3), "partial_disposal", Decimal(400), Decimal(150))
    charges = schedule(server, [event])
    assert amounts(charges)[6] == ("07", "write_off", "50.00")  # 600 * 400/1200 - 150
    assert {c.amount for c in charges[7:]} == {Decimal("66.67"), Decimal("66.66")}
    assert charges[-1].book_value == 0


def test_a_part_of_an_improved_asset_is_a_part_of_its_whole_cost():
    happened = [
        Event(date(2026, 1, 1), "improvement", Decimal(1200)),
        Event(date(2026, 1, 2), "partial_disposal", Decimal(600)),
        Event(date(2026, 1, 3), "partial_disposal", Decimal(900)),
    ]
    losses = [c.amount for c in schedule(server, happened) if c.kind == "write_off"]
    assert losses == [600, 900]  # 2400 * 600/2400, then 1800 * 900/1800


def test_an_event_on_the_day_of_disposal_still_counts():
    sold = replace(server, disposed_on=date(2026, 3, 9))
    charges = schedule(sold, [Event(date(2026, 3, 9), "impairment", Decimal(500))])
    assert amounts(charges)[2:] == [("03", "impairment", "500"), ("03", "write_off", "500.00")]


def test_declining_balance_by_month():
    """200 %/8 of the remaining 1,600 until a line to the salvage of 400 charges more."""
    asset = replace(
        server,
        cost=Decimal(1600),
        life_months=8,
        salvage=Decimal(400),
        method="declining_balance_200",
    )
    assert [c.amount for c in schedule(asset)] == [
        *(Decimal(text) for text in ("400", "300", "225", "168.75", "106.25", "0", "0", "0"))
    ]
    slower = schedule(replace(asset, salvage=Decimal(0), method="declining_balance_150"))
    assert [c.amount for c in slower[:3]] == [300, Decimal("243.75"), Decimal("198.05")]
    assert {c.amount for c in slower[3:]} == {Decimal("171.64")}


def test_declining_balance_switches_to_the_line_that_reaches_salvage():
    charges = declining_balance(Decimal(1000), Decimal(100), 10, Decimal("0.15"))
    assert charges[:2] == [150, Decimal("127.50")]
    assert charges[5:] == [Decimal("68.74")] * 5
    assert sum(charges) == 900


def test_a_transfer_moves_the_charge_and_changes_nothing_else():
    moved = schedule(server, [Event(date(2026, 4, 30), "transfer", to="chat")])
    used = [c for c in moved if c.kind == "depreciation"]
    assert [c.owner for c in used] == ["card-fraud"] * 3 + ["chat"] * 9
    assert [c.amount for c in used] == [c.amount for c in schedule(server)]
    changed = [(c.owner, c.amount) for c in moved if c.kind == "transfer"]
    assert changed == [("card-fraud", -900), ("chat", 900)]  # at book value


def test_daily_proration_as_published(billing_oracle):
    """The first calendar year takes its share of days, in leap years too."""
    case = book_case(billing_oracle, "linear monthly prorata by days")
    for year, kind in ((2026, "nonleap"), (2028, "leap")):
        asset = Asset(
            *("a", "s", date(year, 7, 7), Decimal(case["cost"]), case["years"] * 12),
            proration="daily",
        )
        found = [float(c.amount) for c in schedule(asset)]
        assert (found[0], found[1], found[-1]) == (
            case[f"first_month_{kind}"],
            case["full_month"],
            case[f"last_{kind}"],
        )
        assert len(found) == 61


def test_half_year_proration_takes_six_months_in_the_first_year():
    asset = replace(server, in_service_on=date(2026, 10, 5), life_months=24, proration="half_year")
    found = [c.amount for c in schedule(asset)]
    assert found == [100] * 3 + [50] * 18  # 300 of 600 a year, then 50 a month to mid-2028
    late = replace(asset, in_service_on=date(2026, 12, 31), life_months=4)
    assert [c.amount for c in schedule(late)] == [1200]


@given(assets(), st.sampled_from(["daily", "half_year"]))
def test_every_proration_adds_up_to_the_base(asset, proration):
    charges = schedule(replace(asset, proration=proration))
    assert total(charges) == asset.cost - asset.salvage
    assert min(c.amount for c in charges) >= 0
    assert 1 <= len(charges) <= asset.life_months + 6


def test_days_of_a_period_up_to_a_removal_as_published(billing_oracle):
    """29 of the 89 days of a first quarter of 250, as the published system counts them."""
    case = book_case(billing_oracle, "linear quarterly, removal")
    quarter = Decimal(case["cost"]) / 20
    (partial,) = spread(quarter, [29], whole=89)
    assert (float(partial), float(case["cost"] - partial)) == (case["partial"], case["residual"])


def test_units_of_production_charges_what_was_used():
    asset = replace(server, method="units_of_production", life_units=Decimal(1000))
    used = {date(2026, m, 1): Decimal(n) for m, n in ((1, 300), (3, 600), (4, 200), (5, 7))}
    found = schedule(asset, used=used)
    assert [str(c.amount) for c in found] == ["360.00", "0.00", "720.00", "120.00", "0.00"]
    half = schedule(asset, [Event(date(2026, 3, 2), "impairment", Decimal(420))], used)
    assert [str(c.amount) for c in half if c.kind == "depreciation"][2:4] == ["360.00", "60.00"]
    assert schedule(asset) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"life_months": 0}, "life_months 0"),
        ({"salvage": Decimal(1201)}, "salvage_value 1201"),
        ({"cost": Decimal(-1)}, "cost -1"),
        ({"method": "guess"}, "method 'guess' must be one of straight_line"),
        ({"proration": "weekly"}, "proration 'weekly' must be one of month, daily"),
        ({"proration": "daily", "method": METHODS[3]}, "'straight_line' only"),
        ({"method": "units_of_production"}, "needs life_units"),
        ({"disposal_proceeds": Decimal(5)}, "disposed_on"),
    ],
)
def test_an_asset_that_cannot_be_depreciated_is_named(change, says):
    with pytest.raises(DataRefused, match=f"asset srv-9: .*{says}"):
        replace(server, **change)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (Event(date(2026, 7, 1), "impairment", Decimal(601)), "to the book value 600"),
        (Event(date(2026, 7, 1), "impairment"), "above 0"),
        (Event(date(2026, 7, 1), "improvement"), "above 0"),
        (Event(date(2026, 7, 1), "partial_disposal"), "above 0"),
        (Event(date(2026, 7, 1), "partial_disposal", Decimal(1201)), "up to the cost 1200"),
        (Event(date(2026, 7, 1), "transfer"), "to_system_id"),
        (Event(date(2027, 1, 1), "improvement", Decimal(1)), "asset of its own"),
        (Event(date(2026, 7, 1), "theft", Decimal(1)), "a kind out of impairment"),
    ],
)
def test_an_event_that_does_not_fit_is_named(event, says):
    with pytest.raises(DataRefused, match=f"asset srv-9: {event.kind} .*({says})"):
        schedule(server, [event])


def test_events_after_disposal_are_refused():
    sold = replace(server, disposed_on=date(2026, 6, 1))
    with pytest.raises(DataRefused, match="after its disposal on 2026-06-01"):
        schedule(sold, [Event(date(2026, 6, 2), "transfer", to="chat")])


@given(assets(METHODS))
def test_every_method_adds_up_to_the_base(asset):
    charges = schedule(asset)
    assert total(charges) == asset.cost - asset.salvage
    assert len(charges) == asset.life_months
    assert min(c.amount for c in charges) >= 0


@given(cents, st.lists(st.integers(0, 1000), min_size=1, max_size=40), st.integers(1, 5000))
def test_units_of_production_stop_at_the_expected_total(base, units, expected):
    charged = sum(spread(base, units, whole=expected))
    if sum(units) >= expected:
        assert charged == base
    else:
        assert charged == (base * sum(units) / expected).quantize(CENT)


def book_case(billing_oracle, method):
    return next(c for c in billing_oracle["book_depreciation_OCA"] if c.get("method") == method)


def test_published_straight_line(billing_oracle):
    cases = [c for c in billing_oracle["book_depreciation_OCA"] if c.get("method") == "linear"]
    for case in cases:
        base = Decimal(case["cost"] - case["salvage"])
        assert spread(base, [1] * case["years"]) == [case["annual"]] * case["years"]
    assert len(cases) == 2


def test_published_declining_balance_switching(billing_oracle):
    case = book_case(billing_oracle, "declining 40% switching to linear")
    charges = declining_balance(
        Decimal(case["cost"]), Decimal(0), case["years"], Decimal("0.4"), "original"
    )
    assert [float(charge) for charge in charges if charge] == case["annual"]


def test_published_declining_balance_limited_at_salvage(billing_oracle):
    case = book_case(billing_oracle, "declining 40% limited at salvage")
    charges = declining_balance(
        Decimal(case["cost"]), Decimal(case["salvage"]), case["years"], Decimal("0.4"), "never"
    )
    assert [float(charge) for charge in charges] == case["annual"]


def test_published_straight_line_limited_at_salvage(billing_oracle):
    case = book_case(billing_oracle, "linear limited at salvage")
    charges = declining_balance(
        Decimal(case["cost"]), Decimal(case["salvage"]), case["years"], Decimal(0), "original"
    )
    assert (charges[0], charges[-1]) == (case["first"], case["last"])
