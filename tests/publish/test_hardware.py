"""Owned hardware, its power, foreign money and avoided transfer, from delivered rows to the ledger
(method §1.3, §1.4, §1.9, D11)."""

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from reading import reading

from roi_pipeline import workbench
from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.spreading import cents
from roi_pipeline.errors import DataRefused
from roi_pipeline.marts import register, taxes
from roi_pipeline.pipeline import guards

Row = dict[str, Any]


@pytest.fixture(scope="module")
def empty_bench() -> duckdb.DuckDBPyConnection:
    con, found = workbench.empty()
    workbench.open_books(con, found)
    con.execute("insert into setting values ('USD', 'UTC', 'first_touch')")
    return con


@pytest.fixture
def bench(empty_bench: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty inputs under every model; what a test adds is gone after it."""
    empty_bench.execute("begin")
    yield empty_bench
    empty_bench.execute("rollback")


def give(con: duckdb.DuckDBPyConnection, table: str, *rows: Row) -> None:
    for number, row in enumerate(rows):
        placed = {"delivery_id": table, "row_no": number, "source_id": table} | row
        if table in ("run_month", "usage_cells", "outcome_cells"):
            placed = row
        columns = ", ".join(f'"{column}"' for column in placed)
        marks = ", ".join("?" * len(placed))
        con.execute(f"insert into {table} ({columns}) values ({marks})", [*placed.values()])


def months(con: duckdb.DuckDBPyConnection, first: date, count: int) -> None:
    give(con, "run_month", *({"month": add_months(first, k)} for k in range(count)))


def depreciated(con: duckdb.DuckDBPyConnection) -> None:
    con.register("charged", register.depreciation(reading(con)))
    con.execute("insert into depreciation by name select * from charged")
    con.unregister("charged")


def ledger(con: duckdb.DuckDBPyConnection, basis: str) -> dict[tuple[str, str, str], Decimal]:
    """Amounts by month, system and driver."""
    found = con.execute(
        "select strftime(month, '%Y-%m'), system_id, driver, amount from ledger_cost "
        "where basis = ?",
        [basis],
    ).fetchall()
    return {row[:3]: row[3] for row in found}


def asset(asset_id: str, bought: date, cost: object, **more: object) -> Row:
    return {
        "asset_id": asset_id,
        "acquired_on": bought,
        "in_service_on": bought,
        "cost": cost,
        "currency": "USD",
        "life_months": 36,
        "system_id": "s",
        "category": "accelerators",
        **more,
    }


def worked(oracles: Path, name: str) -> tuple[Row, Row]:
    examples = json.loads((oracles / "worked_examples.json").read_text())["examples"]
    (found,) = (example for example in examples if example["id"].startswith(name))
    return found["inputs"], found["expected"]


def test_w06_capex_as_paid_and_as_used_up(bench: duckdb.DuckDBPyConnection, oracles: Path) -> None:
    given, expected = worked(oracles, "W06")
    bought = date(2026, 1, 1)
    give(bench, "capex", asset("gpu", bought, Decimal(given["capex"])))
    depreciated(bench)
    cash, accrual = ledger(bench, "cash"), ledger(bench, "accrual")
    assert cash == {("2026-01", "s", "purchase/accelerators"): 360_000}
    assert len(accrual) == 36
    margin = Decimal(given["value"] - given["opex"]) - next(iter(accrual.values()))
    assert margin == Decimal(expected["monthly_amortised_margin"])
    assert sum(cash.values()) == sum(accrual.values())


def test_w18_avoided_transfer_is_a_cost_change_whatever_the_outcomes_say(
    bench: duckdb.DuckDBPyConnection, oracles: Path
) -> None:
    given, expected = worked(oracles, "W18")
    september = date(2026, 9, 1)
    months(bench, september, 1)
    fleet = {
        "system_id": "s",
        "devices": given["devices"],
        "central_gb_per_device_day": Decimal(str(given["central_gb"])),
        "edge_gb_per_device_day": Decimal(str(given["edge_gb"])),
        "update_gb_per_device_month": Decimal(str(given["model_update_gb"])),
        "price_per_gb": Decimal(str(given["price_gb"])),
        "currency": "USD",
        "valid_from": date(2026, 1, 1),
    }
    give(bench, "edge_fleets", fleet)
    paid = Decimal(given["devices"]) * Decimal(given["edge_capex_device"])
    give(bench, "capex", asset("fleet", date(2026, 2, 1), paid, life_months=given["life"]))
    depreciated(bench)
    (gb,) = bench.execute("select gb_avoided from wan_transfer").fetchall()[0]
    assert gb == Decimal(expected["gb_avoided"])
    found = ledger(bench, "accrual")
    avoided = ("2026-09", "s", "computed/network_avoided")
    assert found[avoided] == -Decimal(expected["wan_saving"])
    net = -found[avoided] - found["2026-09", "s", "depreciation/accelerators"]
    assert float(net) == pytest.approx(expected["net_month"], abs=0.01)
    assert ledger(bench, "cash")[avoided] == found[avoided]
    for outcome in ("on_time", "late"):
        cell = {"cell_id": outcome, "month": september, "system_id": "s", "outcome": outcome}
        give(bench, "outcome_cells", cell | {"outcome_type": "primary", "predictions": 900})
        assert ledger(bench, "accrual") == found
    reconciled = bench.execute(
        "select total_in, allocated, difference from marts.reconciliation_monthly "
        "where dataset = 'computed/network_avoided'"
    ).fetchall()
    assert reconciled == [(-5584, -5584, 0)]


def test_documents_in_yen_dinars_and_crowns(bench: duckdb.DuckDBPyConnection) -> None:
    """By hand: amount x 1.08 / rate, half-even to the cent; a Sunday has Friday's rate."""
    friday, sunday = date(2026, 10, 2), date(2026, 10, 4)
    rates = {"USD": "1.08", "JPY": "163.5", "KWD": "0.332", "NOK": "11.7"}
    quotes = [
        {"on": friday, "base": "EUR", "currency": money, "rate": Decimal(rate)}
        for money, rate in rates.items()
    ]
    give(bench, "fx", *quotes)
    entry = {"document_on": sunday, "category": "licence", "system_id": "s"}
    amounts = {"JPY": "1000000", "KWD": "1.234", "NOK": "-250.25", "EUR": "0.125", "USD": "1.005"}
    documents = [
        entry | {"entry_id": money, "currency": money, "amount": Decimal(amount)}
        for money, amount in amounts.items()
    ]
    give(bench, "operating_costs", *documents)
    found = dict(bench.execute("select currency, amount from entry").fetchall())
    by_hand = {"JPY": "6605.50", "KWD": "4.01", "NOK": "-23.10", "EUR": "0.14", "USD": "1.005"}
    assert found == {money: Decimal(amount) for money, amount in by_hand.items()}
    kept = dict(bench.execute("select currency, original_amount from entry").fetchall())
    assert kept == {money: Decimal(amount) for money, amount in amounts.items()}


def test_a_large_sum_in_a_small_currency_loses_no_cent(bench: duckdb.DuckDBPyConnection) -> None:
    day = date(2026, 10, 2)
    quote = {"on": day, "base": "EUR"}
    give(bench, "fx", quote | {"currency": "USD", "rate": Decimal("1.08")})
    give(bench, "fx", quote | {"currency": "IDR", "rate": Decimal("17894.31")})
    paid = Decimal("9876543210")
    give(bench, "capex", asset("rack", day, paid, currency="IDR"))
    (cost,) = bench.execute("select cost from asset").fetchall()[0]
    assert cost == cents(paid * Decimal("1.08") / Decimal("17894.31"))


def test_a_rate_of_last_spring_is_a_missing_rate(bench: duckdb.DuckDBPyConnection) -> None:
    quote = {"on": date(2026, 4, 1), "base": "EUR", "currency": "USD", "rate": Decimal("1.1")}
    give(bench, "fx", quote)
    give(bench, "capex", asset("gpu", date(2026, 5, 2), 1, currency="EUR"))
    assert len(register.depreciation(reading(bench))) == 36
    give(bench, "capex", asset("later", date(2026, 5, 3), 1, currency="EUR"))
    with pytest.raises(DataRefused, match=r"no rate for EUR on or before 2026-05-03 \(later\)"):
        register.depreciation(reading(bench))


def test_an_asset_bought_and_sold_in_euro(bench: duckdb.DuckDBPyConnection) -> None:
    """Cost at the rate of the purchase, what is paid or got later at the rate of its day."""
    for day, rate in ((date(2026, 1, 2), "1.10"), (date(2026, 1, 30), "1.20")):
        give(bench, "fx", {"on": day, "base": "EUR", "currency": "USD", "rate": Decimal(rate)})
    sold = {"disposed_on": date(2026, 2, 14), "disposal_proceeds": 500}
    give(bench, "capex", asset("gpu", date(2026, 1, 5), 3600, currency="EUR", **sold))
    event = {"asset_id": "gpu", "event_on": date(2026, 1, 31), "amount": 100}
    give(bench, "asset_events", event | {"kind": "improvement"})
    depreciated(bench)
    cash = {key[2]: amount for key, amount in ledger(bench, "cash").items()}
    assert cash == {
        "purchase/accelerators": 3960,
        "improvement/accelerators": 120,
        "disposal/accelerators": -600,
    }
    assert sum(ledger(bench, "accrual").values()) == 3960 + 120 - 600
    differences = "select count(*), sum(abs(difference)) from marts.reconciliation_monthly"
    assert bench.execute(f"{differences} where dataset = 'capex'").fetchall() == [(3, 0)]


def test_the_european_central_bank_sets_the_rate(
    bench: duckdb.DuckDBPyConnection, shared: Path
) -> None:
    """Easter Monday 2025 has the rate of Maundy Thursday."""
    with (shared / "data" / "fx" / "eurofxref-hist.csv").open() as file:
        wanted = ("2025-04-17", "2025-04-22")
        days = {row["Date"]: row for row in csv.DictReader(file) if row["Date"] in wanted}
    for day, row in days.items():
        for money in ("USD", "JPY", "NOK"):
            quote = {"on": date.fromisoformat(day), "base": "EUR", "currency": money}
            give(bench, "fx", quote | {"rate": Decimal(row[money])})
    document = {"document_on": date(2025, 4, 21), "category": "licence", "system_id": "s"}
    for money in ("EUR", "JPY", "NOK"):
        entry = document | {"entry_id": money, "currency": money, "amount": 123_456}
        give(bench, "operating_costs", entry)
    thursday = days["2025-04-17"]
    found = dict(bench.execute("select currency, amount from entry").fetchall())
    for money, amount in found.items():
        rate = Decimal(thursday["USD"]) / (1 if money == "EUR" else Decimal(thursday[money]))
        assert amount == cents(123_456 * rate)


def test_power_goes_with_the_asset_and_stops_with_it(bench: duckdb.DuckDBPyConnection) -> None:
    """10 kW from 11 September, half of it sold on the 21st, all gone on the 26th: 10 days + 5/2."""
    months(bench, date(2026, 9, 1), 2)
    power = {"power_kw": 10, "location": "fra1", "disposed_on": date(2026, 9, 26)}
    give(bench, "capex", asset("gpu", date(2026, 9, 11), 1200, **power))
    event = {"asset_id": "gpu", "kind": "partial_disposal", "amount": 600}
    give(bench, "asset_events", event | {"event_on": date(2026, 9, 21)})
    tariff = {"location": "fra1", "pue": Decimal("1.5"), "currency": "USD"}
    prices = {"energy_price_per_kwh": Decimal("0.10"), "facility_price_per_kw_month": 90}
    give(bench, "facilities", tariff | prices | {"valid_from": date(2026, 1, 1)})
    depreciated(bench)
    accrual = ledger(bench, "accrual")
    energy = Decimal("12.5") * 24 * 10 * Decimal("1.5") * Decimal("0.10")
    assert accrual["2026-09", "s", "computed/energy"] == energy == 450
    assert accrual["2026-09", "s", "computed/facilities"] == 90 * 10 * Decimal("12.5") / 30
    assert ("2026-10", "s", "computed/energy") not in accrual
    differences = bench.execute(
        "select dataset, total_in, difference from marts.reconciliation_monthly "
        "where dataset like 'computed/%' order by 1"
    ).fetchall()
    assert differences == [("computed/energy", 450, 0), ("computed/facilities", 375, 0)]


def test_power_is_not_paid_twice(bench: duckdb.DuckDBPyConnection) -> None:
    months(bench, date(2026, 9, 1), 1)
    give(bench, "capex", asset("gpu", date(2026, 9, 1), 1200, power_kw=10, location="fra1"))
    tariff = {"location": "fra1", "pue": 1, "energy_price_per_kwh": 1, "currency": "USD"}
    give(bench, "facilities", tariff | {"valid_from": date(2026, 1, 1)})
    entry = {"document_on": date(2026, 9, 30), "currency": "USD", "category": "energy", "amount": 5}
    other = entry | {"entry_id": "e1", "system_id": "t"}
    elsewhere = entry | {"entry_id": "e2", "system_id": "s", "location": "ams"}
    give(bench, "operating_costs", other, elsewhere)
    assert not bench.execute("from double_counted_energy").fetchall()  # of another system, place
    give(bench, "operating_costs", entry | {"entry_id": "e3", "system_id": "s", "row_no": 7})
    rows = bench.execute("from double_counted_energy").pl().to_dicts()
    with pytest.raises(DataRefused, match="energy of s at fra1 from 2026-09 is also entry e3"):
        guards.refuse("double_counted_energy", rows, None, {})  # type: ignore[arg-type]


def test_units_of_production_are_counted_by_the_log(bench: duckdb.DuckDBPyConnection) -> None:
    months(bench, date(2026, 1, 1), 3)
    by_use = {"method": "units_of_production", "life_units": 1000, "usage_unit": "compute_seconds"}
    give(bench, "capex", asset("gpu", date(2026, 1, 1), 500, **by_use))
    for month, seconds in ((1, 100), (3, 250)):
        used = {"month": date(2026, month, 1), "system_id": "s", "predictions": 10}
        give(bench, "usage_cells", used | {"compute_seconds": seconds})
    found = [row[0] for row in register.depreciation(reading(bench)).select("amount").rows()]
    assert found == [50, 0, 125]
    give(bench, "usage_cells", used | {"compute_seconds": None})
    with pytest.raises(DataRefused, match=r"asset gpu: .* in 2026-03 s logs no compute_seconds"):
        register.depreciation(reading(bench))


def test_tokens_of_production_are_input_cached_and_output(
    bench: duckdb.DuckDBPyConnection,
) -> None:
    months(bench, date(2026, 1, 1), 2)
    by_use = {"method": "units_of_production", "life_units": 1000, "usage_unit": "tokens"}
    give(bench, "capex", asset("gpu", date(2026, 1, 1), 500, **by_use))
    used = {"system_id": "s", "predictions": 10, "input_tokens": 10, "output_tokens": 20}
    give(bench, "usage_cells", used | {"month": date(2026, 1, 1), "cached_tokens": 70})
    give(bench, "usage_cells", used | {"month": date(2026, 2, 1), "cached_tokens": None})
    found = [row[0] for row in register.depreciation(reading(bench)).select("amount").rows()]
    assert found == [50, 15]


def test_the_tax_view_decides_its_convention_by_the_year(bench: duckdb.DuckDBPyConnection) -> None:
    months(bench, date(2026, 10, 1), 1)
    give(bench, "capex", asset("a", date(2025, 3, 1), 5000, macrs_years=5))
    give(bench, "capex", asset("b", date(2025, 12, 1), 3333, macrs_years=5))
    give(bench, "capex", asset("not claimed", date(2025, 12, 1), 9000))

    def found() -> list[tuple[Any, ...]]:
        columns = ["asset_id", "tax_year", "convention", "amount", "is_provisional"]
        return taxes.tax_depreciation(reading(bench)).select(columns).rows()

    assert found() == [
        ("a", 2025, "half_year", 1000, False),
        ("a", 2026, "half_year", 1600, True),
        ("b", 2025, "half_year", Decimal("666.60"), False),
        ("b", 2026, "half_year", Decimal("1066.56"), True),
    ]
    give(bench, "capex", asset("c", date(2025, 10, 1), 1000, macrs_years=3))
    assert found()[:3] == [
        ("a", 2025, "mid_quarter_1", 1750, False),
        ("a", 2026, "mid_quarter_1", 1300, True),
        ("b", 2025, "mid_quarter_4", Decimal("166.65"), False),
    ]
    give(bench, "capex", asset("d", date(2025, 10, 1), 1000, macrs_years=20))
    missing = (
        taxes.tax_depreciation(reading(bench)).filter(asset_id="d").select("missing_reason").rows()
    )
    assert missing == [("no_table",)]
    assert ledger(bench, "accrual") == {}


def test_a_hundred_portfolios_over_two_years(bench: duckdb.DuckDBPyConnection) -> None:
    """Whatever is bought, improved, impaired, moved, sold in part or sold: to the cent, in every
    portfolio and month, nothing of the cost is missing and both views agree over the full life."""
    random = np.random.default_rng(20261125)
    first = date(2026, 1, 1)

    def day(low: int, high: int) -> date:
        return first + timedelta(days=int(random.integers(low, high)))

    machines, events = [], []
    for k in range(250):
        name, home = f"a{k}", f"p{k % 100}"
        methods = ["straight_line", "sum_of_years_digits", "declining_balance_200"]
        bought = day(0, 300)
        cost = Decimal(int(random.integers(100_000, 9_999_999))) / 100
        one = asset(name, bought, cost, system_id=home, life_months=int(random.integers(9, 24)))
        one |= {"method": str(random.choice(methods)), "disposed_on": day(620, 720)}
        one["disposal_proceeds"] = Decimal(int(random.integers(0, 50_000))) / 100
        machines.append(one)
        for kind in ("improvement", "impairment", "partial_disposal", "transfer"):
            if random.random() < 0.5:
                amount = Decimal(int(random.integers(1, 9_000))) / 100
                event = {"asset_id": name, "kind": kind, "event_on": day(301, 500)}
                event |= {"amount": Decimal(0) if kind == "transfer" else amount}
                if kind == "transfer":
                    event["to_system_id"] = f"p{random.integers(100)}"
                if kind == "partial_disposal":
                    event["proceeds"] = amount / 2
                events.append(event)
    events = [e for e in events if fits(e, machines)]
    give(bench, "capex", *machines)
    give(bench, "asset_events", *events)
    months(bench, first, 24)
    depreciated(bench)
    by_system = (
        "select system_id, sum(amount) filter (where basis = 'cash'), "
        "sum(amount) filter (where basis = 'accrual') from ledger_cost group by 1"
    )
    found = bench.execute(by_system).fetchall()
    assert [row for row in found if row[1] != row[2]] == []
    assert {row[0] for row in found} >= {f"p{k}" for k in range(100)}
    rows, wrong, last = bench.execute(
        "select count(*), count(*) filter (where difference <> 0), "
        "count(*) filter (where book_value = 0 and month >= '2027-09-01') "
        "from marts.asset_register_monthly"
    ).fetchall()[0]
    assert (rows > 4000, wrong, last >= 250) == (True, 0, True)
    spent = sum(m["cost"] - m["disposal_proceeds"] for m in machines)
    spent += sum(e["amount"] for e in events if e["kind"] == "improvement")
    spent -= sum(cents(e["proceeds"]) for e in events if "proceeds" in e)
    assert sum(row[1] for row in found) == spent


def fits(event: Row, machines: list[Row]) -> bool:
    """Whether the asset still has months and value for it."""
    (one,) = (m for m in machines if m["asset_id"] == event["asset_id"])
    end = add_months(one["in_service_on"], one["life_months"] - 3)
    return bool(event["event_on"] < end)
