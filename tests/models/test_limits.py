"""Products of measures hold up to the declared limit of their types, and are exact."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import duckdb
import pytest

from roi_pipeline import workbench
from roi_pipeline.engines.drill_through import CELL_KEYS, CELLS, HANDS, LINKED, VALUE_ROWS
from roi_pipeline.engines.duckdb import LINKED_ROWS

LIMIT = Decimal("999999999999.999999")  # of MEASURE, DECIMAL(18,6)
MEASURES = [
    *(Decimal("0.35"), Decimal(99), Decimal(100), Decimal(250), Decimal("12345.678912")),
    *(Decimal("999999.9999"), Decimal("1000000.5"), Decimal("-2500000000.75"), LIMIT, -LIMIT),
]
WEIGHTS = [Decimal(1), Decimal("3.333333"), Decimal(1_000_000)]
SYSTEM = {"month": date(2026, 10, 1), "system_id": "s"}
CELL_KEY = SYSTEM | {"cell_id": "c", "day": date(2026, 10, 2)}
CELL = CELL_KEY | {
    "model_version": "v",
    "serving_mode": "batch",
    "status": "ok",
    "decision": "call",
    "link": "linked",
    "outcome_type": "primary",
    "outcome": "won",
    "observed_month": date(2026, 10, 1),
}


@pytest.fixture(scope="module")
def logs() -> duckdb.DuckDBPyConnection:
    return workbench.empty()[0]


@pytest.fixture(scope="module")
def opened() -> duckdb.DuckDBPyConnection:
    con, found = workbench.empty()
    workbench.open_books(con, found)
    return con


@pytest.fixture
def cells(logs: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    logs.execute("begin")
    yield logs
    logs.execute("rollback")


@pytest.fixture
def books(opened: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    opened.execute("begin")
    yield opened
    opened.execute("rollback")


def rounded(value: Decimal, places: int) -> Decimal:
    with localcontext(prec=80):
        return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def give_log(con: duckdb.DuckDBPyConnection, measures: list[Decimal], weight: Decimal) -> None:
    """A row of each measure, as amount of the prediction and amount and quantity of its outcome."""
    at, seen = datetime(2026, 10, 2, 10), datetime(2026, 10, 5)
    one = {"predicted_at": at, "horizon_at": datetime(2026, 12, 1), "day": at.date()}
    two = {"observed_at": seen, "observed_on": seen.date(), "observed_month": date(2026, 10, 1)}
    predictions: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    for number, measure in enumerate(measures):
        known = {"prediction_id": str(number), "row_no": number, "amount": measure}
        predictions.append({**known, **one, "system_id": "s", "status": "ok", "weight": weight})
        outcomes.append(
            {**known, **two, "outcome_type": "primary", "outcome": "won", "quantity": measure}
            | {"shared_key": "k"}
        )
    workbench.give(con, "scope", [{"first_day": date(2026, 10, 1), "last_day": date(2026, 10, 31)}])
    workbench.give(con, "prediction_log", predictions)
    workbench.give(con, "outcome_log", outcomes)


@pytest.mark.parametrize("weight", WEIGHTS, ids=str)
@pytest.mark.parametrize("measure", MEASURES, ids=str)
def test_cells_of_one_large_measure(
    cells: duckdb.DuckDBPyConnection, measure: Decimal, weight: Decimal
) -> None:
    check_cells(cells, [measure] * 3, weight)


@pytest.mark.parametrize("weight", WEIGHTS, ids=str)
def test_cells_of_large_and_small_measures(
    cells: duckdb.DuckDBPyConnection, weight: Decimal
) -> None:
    check_cells(cells, [abs(measure) for measure in MEASURES], weight)


def check_cells(con: duckdb.DuckDBPyConnection, measures: list[Decimal], weight: Decimal) -> None:
    give_log(con, measures, weight)
    with localcontext(prec=80):
        total = rounded(sum(measures) * weight, 6)
        cents = [rounded(measure, 2) for measure in measures]
        quantities = [rounded(measure, 4) for measure in measures]
        of_amounts = rounded(sum(one * one for one in cents) * weight, 6)
        of_quantities = rounded(sum(one * one for one in quantities) * weight, 6)
    found = con.execute(
        "select amount, outcome_amount, outcome_quantity, amount_squared, outcome_amount_squared, "
        "amount_product, outcome_quantity_squared from outcome_cells"
    )
    assert found.fetchall() == [(total,) * 3 + (of_amounts,) * 3 + (of_quantities,)]
    found = con.execute(
        "select sum(amount), sum(outcome_amount), sum(outcome_quantity) from shared_cells"
    )
    assert found.fetchall() == [(total,) * 3]


def test_cells_of_the_largest_weight(cells: duckdb.DuckDBPyConnection) -> None:
    give_log(cells, [Decimal(1)] * 3, LIMIT)
    with localcontext(prec=80):
        expected = (3 * LIMIT, rounded(3 * LIMIT * LIMIT, 6), 3 * LIMIT, 3 * LIMIT)
    found = cells.execute("select cases, cases_squared, amount, amount_squared from outcome_cells")
    assert found.fetchall() == [expected]


PRICED = {"category": "direct", "rate": Decimal(1), "factor": Decimal(1), "amount": Decimal(1)}


def priced(measure: str, **given: Any) -> dict[str, Any]:
    return CELL_KEY | PRICED | {"driver": measure, "measure": measure} | given


def test_value_of_large_amounts_and_prices(books: duckdb.DuckDBPyConnection) -> None:
    """Amounts of 10^12, 50 of a case released by chance, a price of 10^7 at a rate of 25,000."""
    workbench.give(books, "systems", [{"system_id": "s", "scenario": "x"}])
    size = Decimal(1_000_000_000_000)
    squares = dict.fromkeys(
        ("amount_squared", "outcome_amount_squared", "amount_product", "outcome_quantity_squared"),
        2 * size * size,
    )
    sums = dict.fromkeys(("amount", "outcome_amount", "outcome_quantity"), 2 * size)
    workbench.give(books, "outcome_cells", [CELL | squares | sums | {"predictions": 2, "cases": 2}])
    prices = [
        priced("amount", unit_price=Decimal(1)),
        priced("outcome_amount", unit_price=Decimal(2)),
        priced("outcome_quantity", unit_price=Decimal(3)),
        priced("case", unit_price=Decimal(10_000_000), rate=Decimal(25_000), factor=Decimal(50)),
    ]
    workbench.give(books, "value_priced", prices)
    per_case = Decimal(10_000_000) * 25_000 * 50
    found = books.execute("select per_case, per_amount from value_coefficient").fetchall()
    assert found == [(per_case, Decimal(1))]
    # (per_case + 3 * size) ** 2 for the amounts, and the quantity's own square and cross with cases
    expected = 2 * ((per_case + 3 * size) ** 2 + (3 * size) ** 2 + 2 * per_case * 3 * size)
    ((squared,),) = books.execute("select sum_squares from value_total").fetchall()
    assert squared == pytest.approx(float(expected), rel=1e-12)
    assert books.execute("select count(variance) from driver_variance").fetchall() == [(4,)]


def test_price_error_at_a_large_rate(books: duckdb.DuckDBPyConnection) -> None:
    """10^12 dollars at 25,000.123456789 dong a dollar, priced 0.5 give or take 0.1."""
    price = {"system_id": "s", "driver": "paid", "unit": "amount", "currency": "USD"}
    workbench.give(
        books,
        "prices",
        [price | {"unit_price": "0.5", "standard_error": "0.1", "valid_from": "2026-01-01"}],
    )
    rate, size = Decimal("25000.123456789"), Decimal(1_000_000_000_000)
    row = priced("amount", rate=rate, quantity=size, priced_as="paid", unit="amount")
    workbench.give(books, "value_priced", [row])
    ((error,),) = books.execute("select standard_error from price_error").fetchall()
    assert error == pytest.approx(size * rate / 10, rel=Decimal("1e-12"))


def test_claims_on_a_large_shared_outcome(books: duckdb.DuckDBPyConnection) -> None:
    size = Decimal(3_000_000_000_000)
    shared = {key: value for key, value in CELL.items() if key not in ("status", "link")}
    measures = {"predictions": 1, "cases": Decimal(3), "outcome_amount": size}
    keys = {"shared_key": "k", "touched_at": datetime(2026, 10, 2, 10)}
    workbench.give(books, "outcome_cells", [CELL])
    workbench.give(books, "shared_cells", [shared | measures | keys])
    workbench.give(books, "value_priced", [priced("outcome_amount", unit_price=Decimal(2))])
    assert books.execute("select claim from shared_claim").fetchall() == [(size * 2,)]


def test_power_of_a_large_asset(books: duckdb.DuckDBPyConnection) -> None:
    """5 MW over a month of 744 hours, at a PUE of 1.5: 5.58 GWh."""
    workbench.give(books, "setting", [{"reporting_currency": "USD", "time_zone": "UTC"}])
    workbench.give(books, "run_month", [{"month": date(2026, 10, 1)}])
    hall = {
        "location": "hall",
        "pue": Decimal("1.5"),
        "currency": "USD",
        "valid_from": "2026-01-01",
    }
    workbench.give(books, "facilities", [hall | {"energy_price_per_kwh": Decimal("0.25")}])
    bought = {"cost": Decimal(1), "currency": "USD", "in_service_on": date(2026, 1, 1)}
    asset = {"asset_id": "a", "system_id": "s", "location": "hall", "power_kw": Decimal(5000)}
    workbench.give(books, "capex", [asset | bought | {"acquired_on": date(2026, 1, 1)}])
    found = books.execute("select kw, kwh, energy_amount from asset_power").fetchall()
    assert found == [(5000, 5_580_000, 1_395_000)]


def test_a_large_cost_is_shared_and_spread(books: duckdb.DuckDBPyConnection) -> None:
    """500 billion (of won, say) over two months, by two systems: nothing is lost."""
    workbench.give(books, "setting", [{"reporting_currency": "KRW", "time_zone": "UTC"}])
    shares = {"allocation_key": "k", "valid_from": date(2026, 1, 1)}
    workbench.give(
        books,
        "allocation",
        [
            shares | {"system_id": "a", "share": Decimal("0.333333")},
            shares | {"system_id": "b", "share": Decimal("0.666667")},
        ],
    )
    size = Decimal("500000000000.01")
    entry = {"delivery_id": "d", "row_no": 1, "entry_id": "e", "amount": size, "currency": "KRW"}
    days = {"service_start": date(2026, 10, 1), "service_end": date(2026, 11, 30)}
    rest = {"document_on": date(2026, 10, 1), "category": "energy", "allocation_key": "k"}
    workbench.give(books, "operating_costs", [entry | days | rest])
    found = books.execute(
        "select count(*), sum(amount) from cost_share where basis = 'accrual' "
        "union all select count(*), sum(amount) from cost_share where basis = 'cash'"
    )
    assert sorted(found.fetchall()) == [(2, size), (4, size)]


def test_no_decimals_are_multiplied_in_64_bits() -> None:
    """DuckDB multiplies two decimals of at most 18 digits in 64 bits, and overflows: one of the two
    must have more, unless the other is a whole number or a constant."""
    con, found = workbench.empty()
    narrow: dict[str, list[str]] = {}
    for name, model in found.items():
        if model.layer == "cells":
            narrow[name] = list(narrow_products(con, model.sql))
    workbench.open_books(con, found)
    for name, model in found.items():
        if model.layer != "cells" and model.query is not None:
            narrow[name] = list(narrow_products(con, model.query))
            workbench.give(con, name, [])  # a table, so that who reads it does not plan it again
    assert {name: products for name, products in narrow.items() if products} == {}


def narrow_products(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    """The products of two decimals in the plan of a query that hold at most 18 digits."""
    ((plan,),) = con.execute("select json_serialize_plan(?, optimize := false)", [query]).fetchall()
    document = json.loads(plan)
    assert not document["error"], document
    stack: list[Any] = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            stack.extend(node.values())
            if node.get("name") == "*" and "return_type" in node:
                factors = [decimal_of(factor) for factor in node["children"]]
                if all(factors) and node["return_type"]["type_info"]["width"] <= 18:
                    yield " * ".join(f"({one['width']}, {one['scale']})" for one in factors if one)


def decimal_of(factor: dict[str, Any]) -> dict[str, Any] | None:
    """Width and scale of a factor; None of a constant or of a whole number made decimal."""
    kind, source = factor.get("return_type"), factor.get("child", {}).get("return_type")
    is_whole = source is not None and source["id"] in ("INTEGER", "BIGINT", "HUGEINT")
    is_decimal = kind is not None and kind["id"] == "DECIMAL"
    return kind["type_info"] if is_decimal and not is_whole else None


def test_explaining_multiplies_no_decimals_in_64_bits(
    logs: duckdb.DuckDBPyConnection, books: duckdb.DuckDBPyConnection
) -> None:
    rows = logs.execute(LINKED_ROWS.partition("where")[0]).to_arrow_table()
    keys = ", ".join(CELL_KEYS)
    books.register("linked_rows", rows)
    books.execute(LINKED.format(keys=keys, linked="linked_rows"))
    for text in (CELLS.format(keys=keys), HANDS, VALUE_ROWS):
        query = text.partition(" as\n")[2] if "create or replace" in text else text
        assert list(narrow_products(books, query)) == []
