"""A newer bill replaces an older one of its accounts, never the bill of another account."""

import os
from collections.abc import Callable, Mapping

import pytest
from company import BILL, BILLING, Company, lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Make = Callable[..., Company]
Costs = Mapping[tuple[str, str], object]  # billing account, account below it: cost


def bill(costs: Costs, month: str = "10") -> str:
    rows = [
        BILL.format(cost=cost).replace("2026-10", f"2026-{month}") + f",{account},{below}"
        for (account, below), cost in costs.items()
    ]
    return lines(BILLING + ",BillingAccountId,SubAccountId", rows)


def put(company: Company, path: str, day: int, costs: Costs) -> None:
    file = company.put(path, bill(costs))
    os.utime(file, (1_795_000_000 + 86_400 * day,) * 2)


def billed(company: Company) -> dict[tuple[str, str], object]:
    found = company.rows(
        "select coalesce(billing_account_id, ''), coalesce(sub_account_id, ''), sum(billed_cost) "
        "from billing group by 1, 2"
    )
    return {(account, below): cost for account, below, cost in found}


A, B = ("111", ""), ("222", "")


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("inbox/*.csv", ("inbox/a.csv", "inbox/b.csv")),
        ("inbox/*/*.csv", ("inbox/a/1.csv", "inbox/b/1.csv")),
    ],
)
@pytest.mark.parametrize("in_one_run", [True, False])
@pytest.mark.parametrize("days", [(1, 2), (2, 1)])
def test_two_accounts_of_one_source_both_count(
    make: Make, path: str, files: tuple[str, str], in_one_run: bool, days: tuple[int, int]
) -> None:
    company = make({"dataset": "billing", "path": path})
    for file, day, pair in zip(files, days, (A, B), strict=True):
        put(company, file, day, {pair: 10 * day})
        if not in_one_run:
            assert company.ingest("billing").refused == ()
    assert company.ingest("billing").refused == ()
    assert billed(company) == {A: 10 * days[0], B: 10 * days[1]}
    put(company, files[0], 9, {A: 77})
    assert company.ingest("billing").refused == ()
    assert billed(company) == {A: 77, B: 10 * days[1]}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({("1", "x"): 5}, {("1", "y"): 7}),
        ({("1", "x"): 5, ("1", "z"): 1}, {("1", "y"): 7}),
        ({("1", "x"): 5}, {("2", "x"): 7}),
    ],
)
def test_accounts_below_one_billing_account_both_count(
    bills: Company, older: Costs, newer: Costs
) -> None:
    put(bills, "inbox/billing/a.csv", 1, older)
    put(bills, "inbox/billing/b.csv", 2, newer)
    assert bills.ingest("billing").refused == ()
    assert billed(bills) == {**older, **newer}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({A: 5}, {A: 7}),
        ({A: 5}, {A: 7, B: 8}),
        ({("0111", ""): 5}, {("111", ""): 7}),
        ({("ABC", "s"): 5}, {("abc", "S"): 7}),
        ({("1", "x"): 5}, {("1", "x"): 6, ("1", "y"): 7}),
        ({("", ""): 5}, {A: 7}),
        ({A: 5, B: 6}, {("", ""): 7}),
        ({("1", ""): 5}, {("1", "x"): 7}),
        ({("1", "x"): 5, ("1", "y"): 1}, {("1", ""): 7}),
        ({A: 5, B: 0}, {A: 7}),
    ],
)
def test_a_newer_bill_of_the_same_accounts_replaces_the_older(
    bills: Company, older: Costs, newer: Costs
) -> None:
    put(bills, "inbox/billing/a.csv", 1, older)
    put(bills, "inbox/billing/b.csv", 2, newer)
    assert bills.ingest("billing").refused == ()
    assert billed(bills) == dict(newer)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({A: 5, B: 6}, {A: 7}),
        ({A: 5, B: 6}, {A: 7, ("333", ""): 1}),
        ({("1", "x"): 5, ("1", "y"): 6}, {("1", "x"): 7}),
    ],
)
@pytest.mark.parametrize("newer_first", [True, False])
@pytest.mark.parametrize("file", ["b.csv", "a.csv"])
def test_a_bill_that_lacks_an_account_of_the_one_it_replaces_is_refused(
    bills: Company, older: Costs, newer: Costs, newer_first: bool, file: str
) -> None:
    if newer_first and file == "a.csv":
        pytest.skip("a path holds one file")
    files = [("inbox/billing/a.csv", 1, older), (f"inbox/billing/{file}", 2, newer)]
    first, second = reversed(files) if newer_first else files
    put(bills, *first)
    assert bills.ingest("billing").refused == ()
    put(bills, *second)
    (refusal,) = bills.ingest("billing").refused
    assert "holds no charges of 1 account that inbox/billing/a.csv bills for 2026-10" in (
        refusal.reason
    )
    assert billed(bills) == dict(first[2])
    (again,) = bills.ingest("billing").refused
    assert again.reason == refusal.reason


def test_two_newer_bills_replace_the_older_one_of_both_accounts(bills: Company) -> None:
    put(bills, "inbox/billing/both.csv", 1, {A: 1, B: 2})
    put(bills, "inbox/billing/a.csv", 2, {A: 10, B: 20})
    put(bills, "inbox/billing/c.csv", 3, {("333", ""): 30})
    assert bills.ingest("billing").refused == ()
    assert billed(bills) == {A: 10, B: 20, ("333", ""): 30}


def test_an_account_of_few_rows_is_not_compared_with_one_of_many(bills: Company) -> None:
    """The number of rows says whether a bill is whole only against bills of its own accounts."""
    many = lines(
        BILLING + ",BillingAccountId,SubAccountId",
        [BILL.format(cost=1) + ",111," for _ in range(200)],
    )
    file = bills.put("inbox/billing/a.csv", many)
    os.utime(file, (1_795_000_000,) * 2)
    put(bills, "inbox/billing/b.csv", 9, {B: 5})
    assert bills.ingest("billing").refused == ()
    assert billed(bills) == {A: 200, B: 5}
    put(bills, "inbox/billing/a.csv", 10, {A: 5})
    (refusal,) = bills.ingest("billing").refused
    assert "1 rows for 2026-10, 200 when delivered before: is it cut?" in refusal.reason


def test_months_are_settled_one_by_one(bills: Company) -> None:
    put(bills, "inbox/billing/a.csv", 1, {A: 5, B: 6})
    file = bills.put("inbox/billing/b.csv", bill({A: 7}, "09"))
    os.utime(file, (1_795_000_000 + 86_400 * 2,) * 2)
    assert bills.ingest("billing").refused == ()
    assert bills.value("select sum(billed_cost) from billing") == 18


def test_a_source_that_begins_to_replace_is_refused_where_that_loses_an_account(
    make: Make,
) -> None:
    company = make({"dataset": "billing", "path": "inbox/*.csv", "mechanism": "append"})
    put(company, "inbox/a.csv", 1, {A: 5, B: 6})
    put(company, "inbox/b.csv", 2, {A: 7})
    assert company.ingest("billing").refused == ()
    source = company.portfolio.sources[0].model_copy(update={"mechanism": "overwrite"})
    company.portfolio = company.portfolio.model_copy(update={"sources": (source,)})
    (refusal,) = company.ingest("billing").refused
    assert "holds no charges of 1 account" in refusal.reason
    assert company.value("select sum(billed_cost) from billing") == 18


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([("1", "x"), ("1", "y"), ("2", "x"), ("3", "z")]),
            st.integers(1, 99),
            min_size=1,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_accepted_account_counts_once_with_its_newest_bill(
    make: Make, files: list[Costs]
) -> None:
    company = make({"dataset": "billing", "path": "inbox/*.csv"})
    files = [  # the same bytes again would change nothing
        {pair: 100 * day + int(str(cost)) for pair, cost in costs.items()}
        for day, costs in enumerate(files)
    ]
    for day, costs in enumerate(files):
        put(company, f"inbox/{day}.csv", day, costs)
    rejected = {refusal.path for refusal in company.ingest("billing").refused}
    expected: dict[tuple[str, str], object] = {}
    for day, costs in enumerate(files):
        if f"inbox/{day}.csv" not in rejected:
            expected |= costs
    assert billed(company) == expected
