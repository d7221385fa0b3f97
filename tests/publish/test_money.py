"""Every dollar that came in is in the books once: under any mapping, any sharing, any spreading
(promise 12, method §1.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reading import reading
from runner import books, said
from small_company import BILL, put

from roi_pipeline import workbench
from roi_pipeline.domain.calendar import add_months
from roi_pipeline.marts import register

JANUARY, DECEMBER = date(2026, 1, 1), date(2026, 12, 1)
SYSTEMS = ("alpha", "beta", "gamma")
CENTS = st.decimals(-100_000, 100_000, places=4)
QUICK = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def bench() -> duckdb.DuckDBPyConnection:
    """Every model a view over empty inputs."""
    con, found = workbench.empty()
    workbench.open_books(con, found)
    con.execute("insert into setting values ('USD', 'UTC', 'first_touch')")
    for name in SYSTEMS:
        con.execute("insert into systems (system_id) values (?)", [name])
    return con


@contextmanager
def given_rows(
    con: duckdb.DuckDBPyConnection, **tables: list[dict[str, Any]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Rows that are there for the block only."""
    con.execute("begin")
    try:
        for name, rows in tables.items():
            for row in rows:
                columns = ", ".join(f'"{column}"' for column in row)
                marks = ", ".join("?" * len(row))
                con.execute(f"insert into {name} ({columns}) values ({marks})", [*row.values()])
        yield con
    finally:
        con.execute("rollback")


def by_system(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Decimal]:
    """What the ledger says of each system, as paid and as used up."""
    rows = con.execute(
        "select basis, system_id, sum(amount) from ledger_cost group by all"
    ).fetchall()
    return {(basis, system): amount for basis, system, amount in rows}


def total(found: dict[tuple[str, str], Decimal], basis: str) -> Decimal:
    return sum((amount for (of, _), amount in found.items() if of == basis), Decimal(0))


@st.composite
def charges(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lines of a bill, corrections and credits among them, some over several months."""
    lines = []
    for k in range(draw(st.integers(1, 12))):
        month = add_months(JANUARY, draw(st.integers(0, 11)))
        days = draw(st.sampled_from([0, 1, 30, 90, 365]))
        cost = draw(CENTS)
        app = draw(st.sampled_from([*SYSTEMS, "pool", "nobody"]))
        lines.append(
            {
                "source_id": "aws",
                "delivery_id": "d",
                "row_no": k,
                "billing_period_start": month,
                "billing_month": month,
                "billing_period_end": add_months(month, 1),
                "charge_period_start": month,
                "charge_period_end": month + timedelta(days=days),
                "charge_category": "Usage",
                "billed_cost": cost,
                "effective_cost": cost,
                "billing_currency": "USD",
                "service_name": app,
            }
        )
    return lines


def mappings(*shares: Decimal) -> dict[str, list[dict[str, Any]]]:
    """A rule for each system by the name of the service; `pool` is shared."""
    rule = {"dataset": "billing", "match_column": "service_name", "match_op": "equals"}
    rules: list[dict[str, Any]] = [
        {"rule_order": k, **rule, "match_value": name, "system_id": name}
        for k, name in enumerate(SYSTEMS)
    ]
    rules.append({"rule_order": 9, **rule, "match_value": "pool", "allocation_key": "pool"})
    parts = [
        {
            "allocation_key": "pool",
            "system_id": name,
            "share": share,
            "valid_from": JANUARY,
        }
        for name, share in zip(SYSTEMS, shares, strict=True)
    ]
    return {"cost_categories": rules, "allocation": parts}


@QUICK
@given(lines=charges(), gone=st.sampled_from(SYSTEMS), split=st.integers(0, 500_000))
def test_a_mapping_that_is_deleted_moves_its_money_to_unallocated(
    bench: duckdb.DuckDBPyConnection, lines: list[dict[str, Any]], gone: str, split: int
) -> None:
    """The total stays what was billed; `unallocated` grows by what the mapping claimed."""
    share = Decimal(split) / 1_000_000
    rules = mappings(share, Decimal("0.5") - share, Decimal("0.5"))
    billed = sum((line["billed_cost"] for line in lines), Decimal(0))
    with given_rows(bench, billing=lines, **rules):
        before = by_system(bench)
    kept = [rule for rule in rules["cost_categories"] if rule.get("system_id") != gone]
    with given_rows(bench, billing=lines, cost_categories=kept, allocation=rules["allocation"]):
        after = by_system(bench)
    claimed = sum((ln["billed_cost"] for ln in lines if ln["service_name"] == gone), Decimal(0))
    for basis in ("cash", "accrual"):
        assert total(before, basis) == total(after, basis) == billed
        lost = before.get((basis, gone), Decimal(0)) - after.get((basis, gone), Decimal(0))
        grown = after.get((basis, "unallocated"), Decimal(0)) - before.get(
            (basis, "unallocated"), Decimal(0)
        )
        assert lost == grown == claimed


@st.composite
def assets(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Machines of any life, some sold before its end."""
    found = []
    for k in range(draw(st.integers(1, 4))):
        bought = JANUARY + timedelta(days=draw(st.integers(0, 300)))
        life, cost = draw(st.integers(1, 60)), draw(st.integers(1, 9_999_999))
        asset: dict[str, Any] = {
            "source_id": "register",
            "delivery_id": "c",
            "row_no": k,
            "asset_id": f"a{k}",
            "acquired_on": bought,
            "in_service_on": bought + timedelta(days=draw(st.integers(0, 40))),
            "cost": Decimal(cost) / 100,
            "currency": "USD",
            "life_months": life,
            "system_id": draw(st.sampled_from(SYSTEMS)),
        }
        if draw(st.booleans()):
            proceeds = Decimal(draw(st.integers(0, cost))) / 100
            sold = add_months(asset["in_service_on"], draw(st.integers(1, 70)))
            asset |= {"disposed_on": sold, "disposal_proceeds": proceeds}
        found.append(asset)
    return found


@st.composite
def asset_events(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What may happen to any of the machines while it is young: small enough to fit them all."""
    found = []
    kinds = ["transfer", "improvement", "impairment", "partial_disposal"]
    for k in range(draw(st.integers(0, 6))):
        kind, to = draw(st.sampled_from(kinds)), draw(st.sampled_from([*SYSTEMS, "pool"]))
        event = {
            "source_id": "events",
            "delivery_id": "v",
            "row_no": k,
            "asset_id": f"a{draw(st.integers(0, 3))}",
            "days": draw(st.integers(0, 50)),
            "kind": kind,
            "amount": Decimal(0 if kind == "transfer" else draw(st.integers(1, 20))) / 100,
        }
        if kind == "transfer":
            event |= {"to_allocation_key" if to == "pool" else "to_system_id": to}
        if kind == "partial_disposal":
            event["proceeds"] = Decimal(draw(st.integers(0, 30))) / 100
        found.append(event)
    return found


def that_fit(
    events: list[dict[str, Any]], register_of: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The events of machines that live long and cost enough for them, one a kind and day."""
    fitting = {}
    for event in events:
        for asset in register_of:
            if asset["asset_id"] == event["asset_id"] and asset["life_months"] > 3:
                day = asset["in_service_on"] + timedelta(days=event["days"])
                sold = asset.get("disposed_on", date.max)
                row = {key: value for key, value in event.items() if key != "days"}
                if day < sold and asset["cost"] > 20:
                    fitting[asset["asset_id"], day, event["kind"]] = row | {"event_on": day}
    return [*fitting.values()]


@st.composite
def invoices(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Invoices over their service periods, before, after or over the month of the document."""
    found = []
    for k in range(draw(st.integers(1, 6))):
        document = JANUARY + timedelta(days=draw(st.integers(0, 364)))
        start = document + timedelta(days=draw(st.integers(-60, 60)))
        found.append(
            {
                "source_id": "erp",
                "delivery_id": "o",
                "row_no": k,
                "entry_id": f"e{k}",
                "document_on": document,
                "service_start": start,
                "service_end": start + timedelta(days=draw(st.integers(0, 400))),
                "amount": draw(CENTS),
                "currency": "USD",
                "category": "licence",
                "system_id": draw(st.sampled_from(SYSTEMS)),
            }
        )
    return found


A_SHARED_HUNDREDTH_OF_A_CENT = {
    "source_id": "aws",
    "delivery_id": "d",
    "row_no": 0,
    "billing_period_start": JANUARY,
    "billing_month": JANUARY,
    "billing_period_end": add_months(JANUARY, 1),
    "charge_period_start": JANUARY,
    "charge_period_end": JANUARY + timedelta(days=90),
    "charge_category": "Usage",
    "billed_cost": Decimal("0.0001"),
    "effective_cost": Decimal("0.0001"),
    "billing_currency": "USD",
    "service_name": "pool",
}


@QUICK
@given(lines=charges(), register_of=assets(), events=asset_events(), entries=invoices())
@example(lines=[A_SHARED_HUNDREDTH_OF_A_CENT], register_of=[], events=[], entries=[])
def test_cash_and_accrual_agree_over_the_full_life(
    bench: duckdb.DuckDBPyConnection,
    lines: list[dict[str, Any]],
    register_of: list[dict[str, Any]],
    events: list[dict[str, Any]],
    entries: list[dict[str, Any]],
) -> None:
    """What was paid for each system is what it used up, once every life has ended (§1.3)."""
    rules = mappings(Decimal("0.333333"), Decimal("0.333333"), Decimal("0.333334"))
    happened = that_fit(events, register_of)
    given_tables = {"billing": lines, "capex": register_of, "operating_costs": entries}
    given_tables["asset_events"] = happened
    with given_rows(bench, **given_tables, **rules) as con:
        # salvage that nobody ever paid for an asset stays in its book value
        con.register("charged", register.depreciation(reading(con)))
        con.execute("insert into depreciation by name select * from charged")
        found = by_system(con)
        con.unregister("charged")
        con.execute("insert into run_month values (date '2040-12-01')")
        register_rows = con.execute(
            "select count(*), count(distinct asset_id), count(*) filter (where difference <> 0) "
            "from marts.asset_register_monthly"
        ).fetchall()
    assert register_rows[0][1:] == (len(register_of), 0)
    for system in (*SYSTEMS, "unallocated"):
        assert found.get(("cash", system), 0) == found.get(("accrual", system), 0), system
    paid = [line["billed_cost"] for line in lines] + [entry["amount"] for entry in entries]
    paid += [asset["cost"] - asset.get("disposal_proceeds", 0) for asset in register_of]
    paid += [event["amount"] for event in happened if event["kind"] == "improvement"]
    paid += [-event.get("proceeds", 0) for event in happened]
    assert total(found, "cash") == sum(paid, Decimal(0))


@QUICK
@given(
    amount=st.decimals(-(10**9), 10**9, places=6),
    cuts=st.lists(st.integers(0, 1_000_000), min_size=2, max_size=2),
)
def test_parts_add_up_to_the_whole(
    bench: duckdb.DuckDBPyConnection, amount: Decimal, cuts: list[int]
) -> None:
    """Three shares of anything, credits included, are the whole to the last digit."""
    low, high = sorted(cuts)
    shares = [Decimal(k) / 1_000_000 for k in (low, high - low, 1_000_000 - high)]
    line = {
        "source_id": "aws",
        "delivery_id": "d",
        "row_no": 1,
        "billing_period_start": JANUARY,
        "billing_month": JANUARY,
        "billing_period_end": add_months(JANUARY, 1),
        "charge_period_start": JANUARY,
        "charge_period_end": JANUARY + timedelta(days=1),
        "charge_category": "Usage",
        "billed_cost": amount,
        "effective_cost": amount,
        "billing_currency": "USD",
        "service_name": "pool",
    }
    with given_rows(bench, billing=[line], **mappings(*shares)):
        found = by_system(bench)
    assert total(found, "cash") == total(found, "accrual") == amount
    for name, share in zip(SYSTEMS, shares, strict=True):
        assert abs(found[("cash", name)] - amount * share) <= Decimal("1e-6")


@QUICK
@given(
    amount=st.decimals(-(10**9), 10**9, places=12),
    used=st.lists(st.integers(0, 10**15), min_size=3, max_size=3),
    driver=st.sampled_from(["predictions", "tokens", "compute_seconds"]),
)
@example(amount=Decimal("0.01"), used=[1, 1, 1], driver="tokens")
@example(amount=Decimal("-1000000.01"), used=[10**15, 1, 0], driver="compute_seconds")
def test_what_is_shared_by_use_adds_up_to_the_last_digit(
    bench: duckdb.DuckDBPyConnection, amount: Decimal, used: list[int], driver: str
) -> None:
    """Each part is the exact fraction within two billionths, a credit mirrors its charge, and a
    month without use leaves the cost to nobody."""
    measures = ("predictions", "tokens", "compute_seconds")
    usage = [
        {"month": JANUARY, "system_id": name, "serving_mode": "batch"}
        | {measure: weight if measure == driver else 0 for measure in measures}
        for name, weight in zip(SYSTEMS, used, strict=True)
    ]
    keys = [
        {"allocation_key": "pool", "system_id": name, "driver": driver, "valid_from": JANUARY}
        for name in SYSTEMS
    ]
    found = []
    for signed in (amount, -amount):
        line = A_SHARED_HUNDREDTH_OF_A_CENT | {"billed_cost": signed, "effective_cost": signed}
        rules = mappings(*[Decimal(0)] * 3) | {"allocation": keys}
        with given_rows(bench, billing=[line], **rules):
            workbench.give(bench, "mode_usage", usage)
            found.append(by_system(bench))
    charge, credit = found
    assert total(charge, "cash") == amount
    whole = sum(used)
    if not whole:
        assert charge["cash", "unallocated"] == amount
    for name, weight in zip(SYSTEMS, used, strict=True):
        part = charge.get(("cash", name), Decimal(0))
        assert part == -credit.get(("cash", name), Decimal(0))
        if whole:
            with localcontext(prec=60):
                assert abs(part - amount * weight / whole) < Decimal("2e-6")


def test_a_mapping_deleted_in_the_folder(company: Path) -> None:
    """The same through a whole run: bills in, ledger, marts and reconciliation agree exactly."""
    march = date(2026, 3, 1)
    query = (
        "select basis, system_id, sum(amount) from marts.tco_monthly "
        "where category = 'ai_and_machine_learning' group by all"
    )
    with books(company, march) as opened:
        before = {row[:2]: row[2] for row in said(opened, query)}
    rules = company / "reference" / "cost_categories.csv"
    rules.write_text(rules.read_text().replace("glob,*,", "glob,card-*,"))
    with books(company, march) as opened:
        after = {row[:2]: row[2] for row in said(opened, query)}
        in_and_out = said(
            opened,
            "select sum(total_in), sum(allocated), sum(unallocated), sum(abs(difference)) "
            "from marts.reconciliation_monthly where dataset = 'billing'",
        )
    moved = 3 * Decimal("50.055")
    for basis in ("cash", "accrual"):
        assert after[basis, "portfolio"] == before[basis, "portfolio"]
        assert after[basis, "unallocated"] == before[basis, "unallocated"] + moved
        assert (basis, "line-check") not in after
    nobody = 3 * Decimal("7.000000000001")
    card = 3 * Decimal("100.10")
    assert in_and_out == [(card + moved + nobody, card, moved + nobody, 0)]


@pytest.mark.slow
def test_many_tiny_charges(company: Path) -> None:
    """4.9e-7, twenty thousand times: nothing is rounded away before the mart (promise 23)."""
    line = (
        "acc,2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,2026-03-02T00:00:00Z,2026-03-02T01:00:00Z,"
        'Usage,tiny,4.9E-7,4.9E-7,USD,Inference,AI,"{""app"": ""card-fraud""}",'
        "2026-05-21T00:00:00Z\n"
    )
    put(company, "billing/2026-03-tiny.csv", BILL + line * 20_000)
    with books(company, date(2026, 3, 1)) as opened:
        assert said(
            opened,
            "select amount from marts.tco_monthly where category = 'ai' and basis = 'cash' "
            "and system_id = 'card-fraud'",
        ) == [(Decimal("0.0098"),)]
