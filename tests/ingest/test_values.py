"""Promises 19, 20 and 23 to 25: instants, dates, money and numbers land exactly or not at all."""

import random
import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache

import duckdb
import pytest
from company import BILL, BILLING, PREDICTIONS, Company, lines
from hypothesis import given
from hypothesis import strategies as st

from roi_pipeline import warehouse
from roi_pipeline.ingest import casting
from roi_pipeline.ingest.columns import CHARGE, DAY, INSTANT, MEASURE, MONEY, REAL, WHOLE, Column


@cache
def database() -> duckdb.DuckDBPyConnection:
    """One empty database for all casts."""
    return warehouse.in_memory(1)


def cast(kind: str, *texts: str, zone: str | None = None) -> list[object]:
    """What the casts of a column of that type make of texts; None where they cannot be read."""
    value = casting.typed(Column("value", kind), "raw", "VARCHAR", zone)
    bound = {"texts": list(texts)} | ({"zone": zone} if zone not in (None, "UTC") else {})
    query = f"select {value} from (select unnest($texts) as raw)"
    return [row[0] for row in database().execute(query, bound).fetchall()]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-10-05T08:00:00Z", (8, 0, 0, 0)),
        ("2026-10-05 08:00:00Z", (8, 0, 0, 0)),
        ("2026-10-05T08:00Z", (8, 0, 0, 0)),
        ("2026-10-05T10:00+02:00", (8, 0, 0, 0)),
        ("2026-10-05T10:00:00.5+0200", (8, 0, 0, 500000)),
        ("2026-10-05T10:00:00+02", (8, 0, 0, 0)),
        ("2026-10-05T02:30:00-05:30", (8, 0, 0, 0)),
        ("2026-10-05T08:00:00.1234567Z", (8, 0, 0, 123456)),
    ],
)
def test_an_instant_with_an_offset_is_read_as_utc(text: str, utc: tuple[int, ...]) -> None:
    for zone in (None, "UTC", "America/New_York"):
        assert cast(INSTANT, text, zone=zone) == [datetime(2026, 10, 5, *utc)]


def test_an_instant_without_an_offset_needs_a_zone() -> None:
    text = "2026-10-05 08:00:00"
    assert cast(INSTANT, text) == [None]
    assert cast(INSTANT, text, zone="UTC") == [datetime(2026, 10, 5, 8)]
    assert cast(INSTANT, text, zone="America/New_York") == [datetime(2026, 10, 5, 12)]
    assert cast(INSTANT, "2026-10-05", zone="Asia/Kolkata") == [datetime(2026, 10, 4, 18, 30)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "02/03/2026",
            "4/1/25",
            "2026/10/05",
            "20261005",
            "2026-13-05",
            "2026-02-30",
            "5 Oct 2026",
        ),
        *("infinity", "epoch", "today", "1767225600", " ", "2026-10-05T25:00:00Z", "2026-1-5"),
    ],
)
def test_only_iso_8601_is_a_date_or_an_instant(text: str) -> None:
    assert cast(DAY, text) == [None]
    assert cast(INSTANT, text, zone="UTC") == [None]
    assert cast(INSTANT, f"{text}Z") == [None]


def test_the_fault_of_an_unreadable_date_is_named(make: Callable[..., Company]) -> None:
    company = make({"dataset": "operating_costs", "path": "inbox/*"}, max_quarantined_share=0.9)
    header = "entry_id,document_on,amount,currency,category,system_id"
    row = "{},{},5,USD,labour,card-fraud"
    company.put(
        "inbox/a.csv", lines(header, [row.format(1, "02/03/2026"), row.format(2, "2026-03-02")])
    )
    company.ingest("operating_costs")
    assert company.rows("select row_no, reason from quarantine") == [(1, "bad document_on")]
    assert company.rows("select entry_id, document_on from operating_costs") == [
        ("2", date(2026, 3, 2))
    ]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_a_month_ends_at_midnight_of_the_portfolios_zone(
    make: Callable[..., Company], zone: str
) -> None:
    ends = {  # the last microsecond of October there
        "UTC": "2026-10-31T23:59:59.999999Z",
        "America/New_York": "2026-11-01T03:59:59.999999Z",
        "Asia/Kolkata": "2026-10-31T18:29:59.999999Z",
        "Australia/Lord_Howe": "2026-10-31T12:59:59.999999Z",
    }
    end = ends[zone]
    start = str(datetime.fromisoformat(end).replace(microsecond=0).replace(tzinfo=None))
    company = make({"dataset": "predictions", "path": "inbox/*"}, time_zone=zone)
    (moment,) = company.rows("select (?::timestamp + interval 1 second)::varchar", start)[0]
    rows = [f"{i},{at},card-fraud,v1,block" for i, at in enumerate((end, f"{moment}Z"))]
    company.put("inbox/a.csv", lines(PREDICTIONS, rows))
    company.ingest("predictions")
    assert company.rows("select month, rows from delivery_months order by month") == [
        (date(2026, 10, 1), 1),
        (date(2026, 11, 1), 1),
    ]


def test_a_billing_period_is_the_month_its_provider_names(bills: Company) -> None:
    starts = ["2026-10-01T00:00:00Z", "2026-10-01T00:00:00-07:00", "2026-09-30T15:00:00Z"]
    rows = [BILL.format(cost=1).replace("2026-10-01T00:00:00Z", start) for start in starts]
    bills.put("inbox/billing/a.csv", lines(BILLING, rows))
    bills.ingest("billing")
    assert bills.rows("select distinct billing_month from billing") == [(date(2026, 10, 1),)]


def test_the_zone_of_the_machine_changes_nothing(
    make: Callable[..., Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "1,2026-11-01T00:30:00+05:30,card-fraud,v1,block"
    found = []
    for zone in ("UTC", "Asia/Kolkata", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        company = make({"dataset": "predictions", "path": "inbox/*"})
        company.put("inbox/a.csv", lines(PREDICTIONS, [row]))
        company.ingest("predictions")
        found += company.rows("select predicted_at, month from predictions, delivery_months")
    monkeypatch.undo()
    time.tzset()
    assert set(found) == {(datetime(2026, 10, 31, 19), date(2026, 10, 1))}


digits = st.integers(0, 10**19)


@given(whole=digits, fraction=st.text("0123456789", max_size=18), sign=st.sampled_from(["", "-"]))
def test_money_as_text_is_read_to_the_last_digit(whole: int, fraction: str, sign: str) -> None:
    text = f"{sign}{whole}" + (f".{fraction}" if fraction else "")
    assert cast(CHARGE, text) == [Decimal(text)]
    if len(fraction) <= 12:
        assert cast(MONEY, text) == [Decimal(text)]


def test_money_in_other_writings() -> None:
    assert cast(CHARGE, "1.81E-8", "1e2", "-$10,000.00 ", "$5", "+1.5", ".5", "$1234567.25") == [
        Decimal(text) for text in ("1.81E-8", "100", "-10000", "5", "1.5", "0.5", "1234567.25")
    ]
    odd = ("1.5.5", "1 .5", "1. 5", "1.-5", "--1.5", "- 1.5", "1.5.", "..5", "1.2.3456789012345678")
    assert cast(CHARGE, *odd) == [None] * len(odd)
    assert cast(MONEY, *odd) == [None] * len(odd)
    unreadable = ("1,000", "1.000,00", "$1,00", "5 USD", "1_000", "0x10", "-", "1e400", "nan", "٣")
    assert cast(CHARGE, *unreadable) == [None] * len(unreadable)
    assert cast(MONEY, "$5.00") == [None], "only bills"


def test_numbers_are_finite_and_counts_are_whole() -> None:
    assert cast(REAL, "nan", "inf", "-Infinity", "1e400", "1_0", "0.5") == [None] * 5 + [0.5]
    assert cast(MEASURE, "nan", "inf", "1e400", "1_0", "0.5") == [None] * 4 + [Decimal("0.5")]
    assert cast(WHOLE, "1.5", "1e3", "0x10", "1_0", "9223372036854775808", "12", "12.0") == [
        *[None] * 5,
        12,
        12,
    ]


def test_nan_inf_and_1e400_are_quarantined(make: Callable[..., Company]) -> None:
    company = make({"dataset": "predictions", "path": "inbox/*"}, max_quarantined_share=0.9)
    numbers = ["nan", "inf", "1e400", "0.25"]
    rows = [f"{i},2026-10-05T08:00:00Z,card-fraud,v1,block,{n},1" for i, n in enumerate(numbers)]
    rows += [
        f"{i + 9},2026-10-05T08:00:00Z,card-fraud,v1,block,0,{n}" for i, n in enumerate(numbers)
    ]
    company.put("inbox/a.csv", lines(PREDICTIONS + ",score,amount", rows))
    company.ingest("predictions")
    assert company.rows("select reason, count(*) from quarantine group by 1 order by 1") == [
        ("bad amount", 3),
        ("bad score", 3),
    ]
    assert company.rows("select count(*), bool_and(isfinite(score)) from predictions") == [
        (2, True)
    ]


@pytest.mark.slow
def test_a_million_tiny_charges_add_up_exactly(bills: Company) -> None:
    row = BILL.format(cost="0.00000049")
    bills.put("inbox/billing/a.csv", lines(BILLING, [row] * 1_000_000))
    (receipt,) = bills.ingest("billing").receipts
    assert receipt.money_total == Decimal("0.49")
    assert bills.value("select sum(billed_cost) from billing") == Decimal("0.49")


def test_ten_thousand_charges_in_e_notation_add_up_exactly(bills: Company) -> None:
    bills.put("inbox/billing/a.csv", lines(BILLING, [BILL.format(cost="4.9e-7")] * 10_000))
    assert bills.ingest("billing").receipts[0].money_total == Decimal("0.0049")


def test_digits_that_do_not_fit_are_counted(make: Callable[..., Company]) -> None:
    company = make(
        {"dataset": "operating_costs", "path": "inbox/costs/*"},
        {"dataset": "billing", "path": "inbox/billing/*"},
        {"dataset": "predictions", "path": "inbox/predictions/*"},
    )
    header = "entry_id,document_on,amount,currency,category,system_id"
    company.put(
        "inbox/costs/a.csv",
        lines(header, ["1,2026-10-05,1.0000000000003,USD,labour,card-fraud"]),
    )
    costs = company.ingest("operating_costs").receipts[0]
    assert (costs.money_total, costs.residue) == (1, Decimal("3e-13"))
    company.put("inbox/billing/a.csv", lines(BILLING, [BILL.format(cost="1.81E-20")]))
    bill = company.ingest("billing").receipts[0]
    assert (bill.money_total, bill.residue) == (0, Decimal("1.81e-20"))
    rows = ["1,2026-10-05T08:00:00Z,card-fraud,v1,block,0.1234567"]
    company.put("inbox/predictions/a.csv", lines(PREDICTIONS + ",amount", rows))
    log = company.ingest("predictions").receipts[0]
    assert (log.money_total, log.residue) == (Decimal("0.123457"), Decimal("-3e-7"))


def test_large_counts_and_amounts_add_up_or_are_refused(make: Callable[..., Company]) -> None:
    company = make({"dataset": "predictions", "path": "inbox/*"}, max_quarantined_share=0.9)
    tokens = [9 * 10**18, 9 * 10**18, 10**19]
    rows = [
        f"{i},2026-10-05T08:00:00Z,card-fraud,v1,block,{n},100000000000"
        for i, n in enumerate(tokens)
    ]
    company.put("inbox/a.csv", lines(PREDICTIONS + ",input_tokens,amount", rows))
    (receipt,) = company.ingest("predictions").receipts
    assert company.value("select sum(input_tokens) from predictions") == 18 * 10**18
    assert company.rows("select reason from quarantine") == [("bad input_tokens",)]
    assert receipt.money_total == 2 * 10**11


def test_the_money_of_a_bill_is_the_money_of_its_rows(make: Callable[..., Company]) -> None:
    dice = random.Random(3)
    company = make({"dataset": "billing", "path": "inbox/*", "mechanism": "append"})
    total = Fraction(0)
    for number in range(12):
        costs = [
            Decimal(dice.randint(-(10**12), 10**15)).scaleb(-dice.randint(0, 18)) for _ in range(40)
        ]
        total += sum(map(Fraction, costs))
        company.put(f"inbox/{number}.csv", lines(BILLING, [BILL.format(cost=c) for c in costs]))
    company.ingest("billing")
    for query in (
        "select sum(billed_cost) from billing",
        "select sum(money_total) from deliveries",
        "select sum(amount) from delivery_months where is_live",
    ):
        assert Fraction(company.value(query)) == total, query
