"""reference/corrections.yaml: data set right by hand, with a reason, an owner and a guard."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.correction_list import FILE, read

COSTS = "entry_id,document_on,amount,currency,category,system_id"
TYPO = {
    "id": "licence-typo",
    "dataset": "operating_costs",
    "match": {"entry_id": "e1"},
    "set": {"amount": 1200},
    "expect": {"amount": 12000},
    "reason": "a zero too many; the invoice says 1,200",
    "owner": "finance",
    "made_on": "2026-11-05",
}


@pytest.fixture
def costs(make: Callable[..., Company]) -> Company:
    company = make({"dataset": "operating_costs", "path": "inbox/*.csv"})
    rows = [
        f"e{i},2026-10-05,{amount},USD,licence,card-fraud" for i, amount in ((1, 12000), (2, 7))
    ]
    company.put("inbox/a.csv", lines(COSTS, rows))
    return company


def correct(company: Company, *corrections: dict[str, Any]) -> None:
    company.put(FILE, yaml.safe_dump({"corrections": list(corrections)}))


AMOUNTS = "select entry_id, amount from operating_costs order by 1"


def test_a_correction_is_a_delivery_and_the_delivered_file_stays(costs: Company) -> None:
    (first,) = costs.ingest("operating_costs").receipts
    delivered = (
        costs.portfolio.state / f"deliveries/operating_costs/{first.delivery_id}/clean.parquet"
    )
    before = delivered.read_bytes()
    correct(costs, TYPO)
    (made,) = costs.ingest("operating_costs").receipts
    assert costs.rows(AMOUNTS) == [("e1", Decimal(1200)), ("e2", Decimal(7))]
    assert delivered.read_bytes() == before
    assert (made.rows_read, made.rows_accepted, made.money_total) == (2, 2, Decimal(1207))
    assert made.notes == {"corrects": first.delivery_id, "corrections": ["licence-typo"]}
    live = "select delivery_id from delivery_months where is_live"
    assert costs.rows(live) == [(made.delivery_id,)]
    assert costs.rows("select row_no, delivery_id from operating_costs order by 1") == [
        (1, made.delivery_id),
        (2, made.delivery_id),
    ]


def test_nothing_happens_twice_and_what_is_withdrawn_comes_back(costs: Company) -> None:
    correct(costs, TYPO)
    first, made = costs.ingest("operating_costs").receipts
    assert costs.ingest("operating_costs").receipts == ()
    correct(costs)
    assert costs.ingest("operating_costs").receipts == ()
    assert costs.rows(AMOUNTS)[0] == ("e1", Decimal(12000))
    assert costs.value("select delivery_id from operating_costs limit 1") == first.delivery_id
    correct(costs, TYPO)
    assert costs.ingest("operating_costs").receipts == (), "the same bytes stand again"
    assert costs.value("select delivery_id from operating_costs limit 1") == made.delivery_id
    assert costs.value("select count(*) from deliveries") == 2


def test_the_guard_speaks_once_the_source_is_fixed(costs: Company) -> None:
    correct(costs, TYPO)
    costs.ingest("operating_costs")
    costs.put("inbox/a.csv", lines(COSTS, ["e1,2026-10-05,1200,USD,licence,card-fraud"]))
    costs.portfolio.folder.joinpath("inbox/a.csv").touch()
    (refused,) = costs.ingest("operating_costs").refused
    assert refused.path == FILE
    assert "correction licence-typo: 1 of 1 rows" in refused.reason
    assert "do not have the expected amount any more" in refused.reason
    assert "remove it from reference/corrections.yaml" in refused.reason
    correct(costs)
    assert costs.ingest("operating_costs").refused == ()
    assert costs.rows(AMOUNTS)[0] == ("e1", Decimal(1200))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"match": {"entry_id": "e9"}}, "matches no operating_costs in use"),
        ({"set": {"amount": "much"}}, "set.amount: expected DECIMAL"),
        ({"set": {"amount": ""}}, "set.amount: expected DECIMAL"),
        (
            {"set": {"service_start": "2026-10-09", "service_end": "2026-10-01"},
             "expect": {"service_start": "", "service_end": ""}},
            "service ends before it starts",
        ),
    ],
)  # fmt: skip
def test_a_correction_that_cannot_be_changes_nothing(
    costs: Company, change: dict[str, Any], reason: str
) -> None:
    costs.ingest("operating_costs")
    correct(costs, TYPO | change)
    (refused,) = costs.ingest("operating_costs").refused
    assert reason in refused.reason
    assert "licence-typo" in refused.reason
    assert costs.value("select count(*) from deliveries") == 1
    assert costs.rows(AMOUNTS)[0] == ("e1", Decimal(12000))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dataset": "operating_cost"}, "did you mean 'operating_costs'?"),
        ({"match": {"entry": "e1"}}, "match.entry: use one of"),
        ({"set": {"entry_id": "e7"}, "expect": {"entry_id": "e1"}}, "set.entry_id: use one of"),
        ({"expect": {"currency": "USD"}}, "expect: say what amount is until now"),
        ({"owner": ""}, "owner"),
        ({"made_on": "soon"}, "write a date as YYYY-MM-DD"),
        ({"match": {"row": "2"}}, "name the file whose row is meant"),
        ({"match": {"file": "inbox/a.csv", "row": "last"}}, "match.row: write the row's number"),
        ({"why": "x"}, "unknown key"),
    ],
)
def test_a_mistake_in_the_file_is_told(costs: Company, change: dict[str, Any], told: str) -> None:
    correct(costs, TYPO | change)
    with pytest.raises(ConfigurationError) as stopped:
        read(costs.folder)
    assert told in str(stopped.value)
    assert FILE in str(stopped.value)


def test_corrections_follow_one_another_and_move_a_bill_to_its_month(
    make: Callable[..., Company],
) -> None:
    company = make({"dataset": "billing", "path": "inbox/*.csv"})
    company.put("inbox/a.csv", lines(BILLING, [BILL.format(cost=c) for c in ("1.5", "2")]))
    shared = {"dataset": "billing", "match": {"file": "inbox/a.csv", "row": 2}}
    said = {"reason": "r", "owner": "o", "made_on": "2026-11-05"}
    starts, ends = "billing_period_start", "billing_period_end"
    october, november, december = (f"2026-{month}-01T00:00:00Z" for month in (10, 11, 12))
    steps: list[dict[str, Any]] = [
        {"id": "one", "set": {"billed_cost": "3"}, "expect": {"billed_cost": "2"}},
        {"id": "two", "set": {"billed_cost": "4"}, "expect": {"billed_cost": "3"}},
        {
            "id": "moved",
            "set": {starts: november, ends: december},
            "expect": {starts: october, ends: november},
        },
    ]
    correct(company, *(shared | said | step for step in steps))
    report = company.ingest("billing")
    assert report.refused == ()
    assert report.receipts[-1].notes["corrections"] == ["one", "two", "moved"]
    months = "select month::varchar, amount from delivery_months where is_live order by 1"
    assert company.rows(months) == [("2026-10-01", Decimal("1.5")), ("2026-11-01", Decimal(4))]
    money = (
        months.replace("amount", "m.amount")
        .replace("from", "from delivery_money as m join", 1)
        .replace(" where", " using (dataset, delivery_id, month) where")
    )
    assert company.rows(money) == company.rows(months)
    assert company.value("select max(billing_month)::varchar from billing") == "2026-11-01"


def test_a_log_is_corrected_by_its_file(logs: Company) -> None:
    logs.put(
        "inbox/predictions/a.csv", lines(PREDICTIONS, [PREDICTION.format(i=i) for i in (1, 2)])
    )
    logs.put("inbox/predictions/b.csv", lines(PREDICTIONS, [PREDICTION.format(i=3)]))
    wrong = {
        "id": "shadow",
        "dataset": "predictions",
        "match": {"prediction_id": "p2"},
        "set": {"decision": "none"},
        "expect": {"decision": "block"},
        "reason": "ran in shadow",
        "owner": "risk",
        "made_on": "2026-11-05",
    }
    correct(logs, wrong)
    with pytest.raises(ConfigurationError, match="name the file as well"):
        logs.ingest("predictions")
    correct(logs, wrong | {"match": {"file": "inbox/predictions/a.csv", "prediction_id": "p2"}})
    assert logs.ingest("predictions").refused == ()
    found = logs.rows("select prediction_id, decision from predictions order by 1")
    assert found == [("p1", "block"), ("p2", "none"), ("p3", "block")]
