"""A delivery is a file of a source: equal bytes of two sources are two deliveries, and a file that
moves between sources counts once; nothing is lost or counted twice in silence."""

from collections.abc import Callable
from typing import Any

import pytest
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline.portfolio import Source

Make = Callable[..., Company]
COSTS = lines(
    "entry_id,document_on,amount,currency,category,system_id",
    ["e1,2026-10-05,30.00,USD,labour,card-fraud"],
)
EVENTS = lines("asset_id,event_on,kind,amount", ["gpu-1,2026-10-05,impairment,30.00"])
RATES = lines("on,currency,rate,base", ["2026-10-05,USD,1.1050,EUR"])
BILLS = lines(BILLING, [BILL.format(cost="30.00")])
LOG = lines(PREDICTIONS + ",amount", [PREDICTION.format(i=1) + ",30.00"])
AMOUNTS = {
    "operating_costs": (COSTS, "amount"),
    "asset_events": (EVENTS, "amount"),
    "billing": (BILLS, "billed_cost"),
}


def of(dataset: str, name: str, path: str, **more: object) -> dict[str, Any]:
    return {"dataset": dataset, "id": name, "path": path, **more}


def described(company: Company, *sources: dict[str, Any]) -> None:
    """The same company after an edit of portfolio.yaml."""
    read = tuple(Source.model_validate(source) for source in sources)
    company.portfolio = company.portfolio.model_copy(update={"sources": read})


def total(company: Company, dataset: str) -> object:
    _, money = AMOUNTS[dataset]
    return company.value(f"select sum({money}) from {dataset}")


@pytest.mark.parametrize("dataset", AMOUNTS)
def test_the_same_bytes_of_two_sources_both_count(make: Make, dataset: str) -> None:
    content, _ = AMOUNTS[dataset]
    company = make(of(dataset, "us", "inbox/us/*"), of(dataset, "eu", "inbox/eu/*"))
    for source in ("us", "eu"):
        company.put(f"inbox/{source}/a.csv", content)
        assert company.ingest(dataset).refused == ()
    assert total(company, dataset) == 60
    assert company.ingest(dataset).receipts == ()
    assert total(company, dataset) == 60
    assert company.rows("select source_id from deliveries order by 1") == [("eu",), ("us",)]


def test_the_same_rates_of_two_sources_are_one_rate(make: Make) -> None:
    company = make(of("fx", "ecb", "inbox/ecb/*"), of("fx", "bank", "inbox/bank/*"))
    for source in ("ecb", "bank"):
        company.put(f"inbox/{source}/a.csv", RATES)
    assert company.ingest("fx").refused == ()
    assert company.value("select count(*) from fx") == 1


@pytest.mark.parametrize("dataset", [*AMOUNTS, "predictions", "fx", "capex"])
def test_a_file_that_two_sources_read_alike_is_refused(make: Make, dataset: str) -> None:
    company = make(of(dataset, "all", "inbox/**/*.csv"), of(dataset, "us", "inbox/us/*"))
    content = {"predictions": LOG, "fx": RATES, "capex": "asset_id\n"}
    company.put("inbox/us/a.csv", content.get(dataset) or AMOUNTS[dataset][0])
    company.put("inbox/other.csv", "no\n")
    report = company.ingest(dataset)
    reasons = [refusal.reason for refusal in report.refused if "us/a.csv" in refusal.path]
    assert reasons == 2 * [
        "inbox/us/a.csv: matches the paths of the sources all and us, which read it alike, and "
        "would count twice: let only one of them match it"
    ]
    assert company.value(f"select count(*) from {dataset}") == 0


def test_a_file_that_two_sources_read_for_different_rows_is_read_by_both(make: Make) -> None:
    """One file, two columns of outcomes."""
    header = "prediction_id,observed_at,fraud,refund"
    row = "p1,2026-10-06T00:00:00Z,yes,no"
    company = make(
        of("outcomes", "fraud", "inbox/*", columns={"outcome": "fraud"}),
        of(
            "outcomes",
            "refund",
            "inbox/*",
            columns={"outcome": "refund", "outcome_type": "=refund"},
        ),
    )
    company.put("inbox/a.csv", lines(header, [row]))
    for _ in range(2):
        assert company.ingest("outcomes").refused == ()
        assert company.rows("select outcome_type, outcome from outcomes order by 1") == [
            ("primary", "yes"),
            ("refund", "no"),
        ]


@pytest.mark.parametrize("dataset", AMOUNTS)
def test_sources_that_trade_places_and_ids_count_their_files_once(make: Make, dataset: str) -> None:
    """Sources without an id are numbered, so their order in portfolio.yaml is their id."""
    content, _ = AMOUNTS[dataset]
    first, second = "inbox/us/*", "inbox/eu/*"
    company = make(of(dataset, "one", first), of(dataset, "two", second))
    company.put("inbox/us/a.csv", content)
    company.put("inbox/eu/a.csv", content.replace("30.00", "12.00"))
    assert company.ingest(dataset).refused == ()
    assert total(company, dataset) == 42
    described(company, of(dataset, "one", second), of(dataset, "two", first))
    report = company.ingest(dataset)
    assert total(company, dataset) == 42
    reasons = " ".join(refusal.reason for refusal in report.refused)
    assert not report.refused or ("id: one" in reasons and "id: two" in reasons)
    described(company, of(dataset, "one", first), of(dataset, "two", second))
    assert company.ingest(dataset).refused == ()
    assert total(company, dataset) == 42


@pytest.mark.parametrize("dataset", AMOUNTS)
def test_a_source_that_is_renamed_counts_its_files_once(make: Make, dataset: str) -> None:
    content, _ = AMOUNTS[dataset]
    company = make(of(dataset, "one", "inbox/*"))
    company.put("inbox/a.csv", content)
    company.ingest(dataset)
    described(company, of(dataset, "ledger", "inbox/*"))
    assert company.ingest(dataset).refused == ()
    assert total(company, dataset) == 30


@pytest.mark.parametrize("dataset", AMOUNTS)
def test_a_file_that_another_source_takes_over_counts_once(make: Make, dataset: str) -> None:
    content, _ = AMOUNTS[dataset]
    company = make(of(dataset, "one", "inbox/**/*.csv"))
    company.put("inbox/us/a.csv", content)
    company.put("inbox/eu/b.csv", content.replace("30.00", "12.00"))
    company.ingest(dataset)
    before = total(company, dataset)
    described(company, of(dataset, "one", "inbox/eu/*"), of(dataset, "two", "inbox/us/*"))
    report = company.ingest(dataset)
    reasons = " ".join(refusal.reason for refusal in report.refused)
    assert report.refused == () or "id: one" in reasons
    assert total(company, dataset) == (before if report.refused else 42)
