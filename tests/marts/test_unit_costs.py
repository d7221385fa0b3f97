"""What bills charge for tokens reaches the unit costs, each meter in columns of its own."""

from datetime import date
from decimal import Decimal

from reading import bench, reading

from roi_pipeline import workbench
from roi_pipeline.marts.unit_costs import METERS, unit_cost_monthly
from roi_pipeline.models import registry

OCTOBER = date(2026, 10, 1)


def test_each_meter_of_tokens_is_priced_by_its_own_tokens() -> None:
    con, tables = bench(["unit_cost_monthly"])
    line = {"month": OCTOBER, "system_id": "s", "side": "cost", "basis": "accrual"}
    billed = {"source": "billing", "category": "ai", "consumed_unit": "tokens"}
    lines = [
        line
        | billed
        | {"meter": meter, "driver": meter, "amount": 2**k, "consumed_quantity": 10**k}
        for k, meter in enumerate(METERS)
    ]
    workbench.give(con, "setting", [{"reporting_currency": "USD"}])
    workbench.give(con, "run_month", [{"month": OCTOBER}])
    workbench.give(con, "systems", [{"system_id": "s", "scenario": "decision_matrix"}])
    workbench.give(con, "ledger_monthly", [one | {"avoidable_amount": 0} for one in lines])
    (row,) = unit_cost_monthly(reading(con, tables["unit_cost_monthly"])).to_dicts()
    costs = [row[f"{meter}_token_cost"] for meter in METERS]
    assert costs == [1, 2, 4, 8, 16, 32]
    assert sum(costs) == row["cost_accrual"]
    assert [row[f"{meter}_tokens_billed"] for meter in METERS] == [10**k for k in range(6)]
    assert [row[f"cost_per_1m_{meter}_tokens"] for meter in METERS] == [
        Decimal(2**k * 1_000_000) / 10**k for k in range(6)
    ]


def test_the_meters_of_unit_costs_are_those_of_token_meter() -> None:
    """A meter that no column adds up would be lost."""
    query = registry.load()["token_meter"].sql
    assert {word for word in METERS if f"then '{word}'" in query} == set(METERS)
    assert query.count(" then '") == len(METERS)
