"""Real prediction logs with their later outcomes, against oracles that others computed: a portfolio
folder with aliases, constants and prices is all it takes to get their figures to the cent."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from runner import books, by_key, run, said, write_portfolio, write_reference

COUNTS = ("tp", "fp", "fn", "tn")
Matrix = Mapping[str, Mapping[str, Any]]


def system(system_id: str, since: str, decision: str, **keys: Any) -> dict[str, Any]:
    return {
        "id": system_id,
        "name": system_id,
        "scenario": "decision_matrix",
        "invested_on": since,
        "live_on": since,
        "positive": {"decision": [decision], "outcome": ["1"]},
        **keys,
    }


def log_portfolio(folder: Path, pair: Path, systems: Sequence[dict[str, Any]]) -> Path:
    """A portfolio over a folder of `pairs`, where both files lie as their senders wrote them."""
    predictions = {"system_id": "deployment_id", "currency": "=USD"}
    write_portfolio(
        folder,
        systems=list(systems),
        sources=[
            {
                "dataset": "predictions",
                "path": str(pair / "predictions.parquet"),
                "columns": predictions,
            },
            {
                "dataset": "outcomes",
                "path": str(pair / "outcomes.parquet"),
                "columns": {"outcome": "label"},
            },
        ],
    )
    return no_model_before(folder, *(one["id"] for one in systems))


def no_model_before(folder: Path, *system_ids: str) -> Path:
    """A baseline of nothing: value is what the system brings against having none."""
    window = ("2018-01-01", "2018-06-30")
    rows = [(name, "v1", "recall", "0", "share", "", "", *window) for name in system_ids]
    write_reference(folder, "baselines", *rows)
    return folder


def quality(opened: Any, system_id: str) -> dict[str, dict[str, int]]:
    """The confusion counts of each month that has predictions with a known outcome."""
    found = said(
        opened,
        "select strftime(month, '%Y-%m'), tp, fp, fn, tn from marts.quality_monthly "
        "where system_id = $system_id and n > 0 order by 1",
        system_id=system_id,
    )
    return {month: dict(zip(COUNTS, counts, strict=True)) for month, *counts in found}


def counts(matrix: Matrix) -> dict[str, dict[str, int]]:
    """The same of an oracle; a month in which nothing is known is no row."""
    found = {month: {key: row[key] for key in COUNTS} for month, row in matrix.items()}
    return {month: row for month, row in found.items() if any(row.values())}


def drivers(opened: Any, view: str) -> dict[str, dict[str, tuple[Decimal, Decimal]]]:
    """Quantity and amount of each driver by month in a view of the published ledger."""
    found: dict[str, dict[str, tuple[Decimal, Decimal]]] = {}
    for month, driver, quantity, amount in said(
        opened,
        "select strftime(month, '%Y-%m'), driver, sum(quantity), sum(amount) "
        "from marts.ledger_monthly where side = 'value' and basis = $view group by all",
        view=view,
    ):
        found.setdefault(month, {})[driver] = (quantity, amount)
    return found


def money(row: Mapping[str, tuple[Decimal, Decimal]]) -> dict[str, Decimal]:
    """The four sums of the fraud oracle from the drivers of a month."""
    nothing = (Decimal(0), Decimal(0))
    prevented, review = row.get("review/1", nothing)[1], -row.get("review/*", nothing)[1]
    missed = row.get("accept/1", nothing)[0]
    return {
        "prevented_loss": prevented,
        "missed_loss": missed,
        "review_cost": review,
        "net_value_vs_no_model": prevented - review,
        "cost_total": missed + review,
    }


def expected_money(matrix: Matrix) -> dict[str, dict[str, Decimal]]:
    keys = ("prevented_loss", "missed_loss", "review_cost", "net_value_vs_no_model", "cost_total")
    return {month: {key: Decimal(row[key]) for key in keys} for month, row in matrix.items()}


@pytest.fixture(scope="module")
def fraud(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fraud_portfolio(shared, tmp_path_factory.mktemp("fraud") / "acme")


def fraud_portfolio(shared: Path, folder: Path) -> Path:
    """Fraud reviews: a stopped fraud keeps its amount, a review costs 3, a missed fraud is counted
    and priced at nothing, for without the model it would have been missed as well."""
    log_portfolio(
        folder,
        shared / "data" / "pairs" / "handbook_fraud",
        [system("fraud-scoring", "2018-07-01", "review")],
    )
    rows = [
        ("review/1", "amount", "1"),
        ("review/*", "case", "-3"),
        ("accept/1", "amount", "0"),
        ("accept/0", "case", "0"),
    ]
    write_reference(
        folder, "prices", *(("fraud-scoring", *row, "USD", "2018-07-01") for row in rows)
    )
    return folder


def fraud_oracle(shared: Path) -> Any:
    return json.loads((shared / "data/pairs/handbook_fraud/oracle.json").read_text())


def test_fraud_by_prediction_and_by_observation_month(shared: Path, fraud: Path) -> None:
    oracle = fraud_oracle(shared)
    with books(fraud, date(2018, 11, 1)) as opened:
        cohort, recognised = drivers(opened, "cohort"), drivers(opened, "recognised")
        value = by_key(
            said(
                opened,
                "select strftime(month, '%Y-%m'), value from marts.roi_monthly "
                "where system_id = 'fraud-scoring' and value <> 0",
            )
        )
        assert quality(opened, "fraud-scoring") == counts(oracle["by_prediction_month"])
    by_prediction = expected_money(oracle["by_prediction_month"])
    assert {month: money(row) for month, row in cohort.items()} == by_prediction
    assert {month: money(row) for month, row in recognised.items()} == expected_money(
        oracle["by_observation_month"]
    )
    totals = expected_money({"all": oracle["totals"]})["all"]
    for key, total in totals.items():
        assert sum(money(row)[key] for row in cohort.values()) == total
        assert sum(money(row)[key] for row in recognised.values()) == total
    assert value == {month: row["net_value_vs_no_model"] for month, row in by_prediction.items()}


@pytest.mark.parametrize(
    ("last", "as_of"),
    [
        pytest.param(date(2018, 9, 1), None, id="cut-off of the month run"),
        pytest.param(
            date(2018, 11, 1), datetime(2018, 10, 1), marks=pytest.mark.slow, id="looking back"
        ),
    ],
)
def test_fraud_as_of_the_first_of_october(
    shared: Path, fraud: Path, last: date, as_of: datetime | None
) -> None:
    oracle = fraud_oracle(shared)["as_of_2018_10_01"]
    by_month = oracle["by_prediction_month"]
    with books(fraud, last, as_of) as opened:
        assert quality(opened, "fraud-scoring") == counts(by_month)
        cohort = drivers(opened, "cohort")
        attributed = said(
            opened,
            "select strftime(month, '%Y-%m'), predictions, linked, acted, coverage "
            "from marts.value_attribution_monthly where view = 'cohort' group by all order by all",
        )
    assert {month: money(row) for month, row in cohort.items()} == expected_money(by_month)
    pending = {month: predictions - linked for month, predictions, linked, *_ in attributed}
    assert pending == {month: row["pending"] for month, row in by_month.items()}
    assert sum(row[1] for row in attributed) == oracle["predictions"]
    assert sum(row[2] for row in attributed) == oracle["with_outcome"]
    assert all(row[4] == round(Decimal(row[2]) / row[3], 6) for row in attributed)


@pytest.mark.slow
def test_a_look_back_gives_the_edition_of_that_day(fraud: Path) -> None:
    """The edition of October, and the same cut-off asked for in November, say the same of their
    months; the newer edition stays current (method §3.4)."""
    october = run(fraud, date(2018, 9, 1))
    november = run(fraud, date(2018, 11, 1))
    again = run(fraud, date(2018, 9, 1), datetime(2018, 10, 1))
    assert again.name == october.name != november.name
    current = json.loads((fraud / "marts" / "current.json").read_text())
    assert current["edition"] == november.name


def test_machine_maintenance(shared: Path, tmp_path: Path) -> None:
    """An inspection costs 120; a failure that is inspected in time saves 1,500, one that is not
    costs 1,500."""
    pair = shared / "data" / "pairs" / "pdm_maintenance"
    oracle = json.loads((pair / "oracle.json").read_text())
    folder = log_portfolio(
        tmp_path / "acme", pair, [system("line-maintenance", "2020-05-01", "inspect")]
    )
    rows = [("inspect/1", "1500"), ("inspect/*", "-120"), ("run/1", "-1500"), ("run/0", "0")]
    write_reference(
        folder,
        "prices",
        *(("line-maintenance", row[0], "case", row[1], "USD", "2020-05-01") for row in rows),
    )
    with books(folder, date(2021, 1, 1)) as opened:
        assert quality(opened, "line-maintenance") == counts(oracle["by_prediction_month"])
        views = {view: drivers(opened, view) for view in ("cohort", "recognised")}
        value = said(
            opened,
            "select sum(value) from marts.roi_monthly where system_id = 'line-maintenance'",
        )[0][0]

    def sums(row: Mapping[str, tuple[Decimal, Decimal]]) -> dict[str, Decimal]:
        amount = {name: row[name][1] if name in row else Decimal(0) for name, _ in rows}
        return {
            "prevented_cost": amount["inspect/1"],
            "cost_total": -amount["inspect/*"] - amount["run/1"],
            "net_value_vs_no_model": amount["inspect/1"] + amount["inspect/*"],
        }

    for view, key in (("cohort", "by_prediction_month"), ("recognised", "by_observation_month")):
        assert {month: sums(row) for month, row in views[view].items()} == {
            month: {name: Decimal(row[name]) for name in sums({})}
            for month, row in oracle[key].items()
        }
        for name in sums({}):
            total = sum(sums(row)[name] for row in views[view].values())
            assert total == Decimal(oracle["totals"][name])
    assert value == Decimal("1234500.00") - Decimal("451860.00")


def test_scania_trucks_meet_their_published_costs(shared: Path, tmp_path: Path) -> None:
    """Three contestants, three systems: 10 for a needless repair, 500 for a missed one."""
    pair = shared / "data" / "pairs" / "scania_aps_published"
    oracle = json.loads((pair / "oracle.json").read_text())
    names = list(oracle["totals"])
    folder = log_portfolio(
        tmp_path / "acme", pair, [system(name, "2025-01-01", "repair") for name in names]
    )
    rows = [("repair/1", "0"), ("repair/0", "-10"), ("none/1", "-500"), ("none/0", "0")]
    write_reference(
        folder,
        "prices",
        *((name, *_cased(row), "USD", "2025-01-01") for name in names for row in rows),
    )
    with books(folder, date(2026, 1, 1)) as opened:
        for name, expected in oracle["deployments"].items():
            assert quality(opened, name) == counts(expected["by_prediction_month"])
        total = by_key(
            said(
                opened,
                "select system_id, -sum(value) from marts.roi_monthly "
                "where system_id like 'aps-%' group by 1",
            )
        )
        monthly = by_key(
            ((system_id, month), cost)
            for system_id, month, cost in said(
                opened,
                "select system_id, strftime(month, '%Y-%m'), -value from marts.roi_monthly "
                "where month < date '2026-01-01' and system_id like 'aps-%'",
            )
        )
    assert total == {
        "aps-costa-nascimento": 9920,
        "aps-gondek-hafner-sampson": 10900,
        "aps-garnaik-et-al": 11480,
    }
    assert monthly == {
        (name, month): row["cost"]
        for name, expected in oracle["deployments"].items()
        for month, row in expected["by_prediction_month"].items()
    }


def _cased(row: tuple[str, str]) -> tuple[str, str, str]:
    return row[0], "case", row[1]


def car_loans(shared: Path, folder: Path, targets: str) -> Path:
    """Integer ids and labels, times without a zone, and outcomes without a time of their own."""
    pair = shared / "data" / "pairs" / "nannyml_car_loan"
    write_portfolio(
        folder,
        systems=[system("car-loan", "2018-10-01", "1", outcome_horizon_days=3650)],
        max_quarantined_share=0.1,  # a target that is missing is an outcome without a value
        sources=[
            {
                "dataset": "predictions",
                "path": str(pair / "car_loan_analysis_predictions.parquet"),
                "time_zone": "UTC",
                "columns": {
                    "prediction_id": "id",
                    "predicted_at": "timestamp",
                    "system_id": "=car-loan",
                    "model_version": "=shipped",
                    "decision": "y_pred",
                    "score": "y_pred_proba",
                },
            },
            {
                "dataset": "outcomes",
                "path": str(pair / f"{targets}.parquet"),
                "columns": {
                    "prediction_id": "id",
                    "outcome": "repaid",
                    "observed_at": "=2019-09-01T00:00:00Z",
                },
            },
        ],
    )
    no_model_before(folder, "car-loan")
    matrix = json.loads((pair / "spec.json").read_text())["matrix_[[TN,FP],[FN,TP]]"]
    (tn, fp), (fn, tp) = matrix
    rows = [("0/0", tn), ("1/0", fp), ("0/1", fn), ("1/1", tp)]
    write_reference(
        folder,
        "prices",
        *(("car-loan", row[0], "case", row[1], "USD", "2018-10-01") for row in rows),
    )
    return folder


def nannyml(shared: Path, realised: str) -> dict[str, Decimal]:
    """The realised value of each month as NannyML has it."""
    file = shared / "data" / "pairs" / "nannyml_car_loan" / f"{realised}.csv"
    with file.open(newline="") as stream:
        return {
            row["key"]: Decimal(row["business_value__value"])
            for row in csv.DictReader(stream)
            if row["period"] == "analysis"
        }


def loan_values(opened: Any) -> Mapping[Any, Any]:
    return by_key(
        said(
            opened,
            "select strftime(month, '%Y-%m'), value from marts.roi_monthly "
            "where system_id = 'car-loan' and value <> 0",
        )
    )


def test_car_loans_have_the_value_nannyml_gives(
    shared: Path, tmp_path: Path, oracles: Path
) -> None:
    folder = car_loans(shared, tmp_path / "acme", "car_loan_analysis_targets")
    with books(folder, date(2019, 9, 1)) as opened:
        found = loan_values(opened)
    published = json.loads((oracles / "published.json").read_text())["oracles"]
    (expected,) = (one["expected"] for one in published if one["id"].startswith("O21"))
    assert found == nannyml(shared, "realised_monthly") == expected


@pytest.mark.slow
def test_a_month_with_hidden_targets_is_immature_and_its_bounds_hold_the_truth(
    shared: Path, tmp_path: Path
) -> None:
    """Two months with 41 % and 40 % of their targets hidden: the value of what is known is what
    NannyML calls the value; here it comes with the bounds of what is not."""
    folder = car_loans(shared, tmp_path / "acme", "car_loan_analysis_targets_partial")
    final = nannyml(shared, "realised_monthly")
    with books(folder, date(2019, 9, 1)) as opened:
        assert loan_values(opened) == nannyml(shared, "realised_monthly_partial_labels")
        known = said(
            opened,
            "select strftime(v.month, '%Y-%m'), sum(v.realised), sum(v.low), sum(v.high), "
            "sum(v.linked) / sum(v.acted), any_value(m.maturity), any_value(r.missing_reason) "
            "from value_month as v inner join maturity as m using (month, system_id) "
            "inner join marts.roi_monthly as r using (month, system_id) "
            "where system_id = 'car-loan' group by v.month order by 1",
        )
        held = by_key(
            said(
                opened,
                "select strftime(month, '%Y-%m'), held_reason from "
                "marts.threshold_status_monthly where system_id = 'car-loan'",
            )
        )
        accrued = by_key(
            said(
                opened,
                "select strftime(month, '%Y-%m'), sum(amount_accrued) from "
                "marts.value_attribution_monthly where view = 'cohort' group by 1",
            )
        )
    months = {row[0]: row[1:] for row in known}
    value, low, high, coverage, maturity, _ = months["2019-07"]
    assert (value, round(coverage, 6)) == (813_000, 0.589453)
    assert low <= final["2019-07"] == 1_498_500 <= high
    assert value < high
    assert maturity is None or maturity < 0.9
    assert held["2019-07"] is not None
    for month in ("2018-10", "2019-06"):  # every target is there: nothing is open
        value, low, high, coverage, maturity, _ = months[month]
        assert value == low == high == final[month] == accrued[month]
        assert coverage == maturity == 1
