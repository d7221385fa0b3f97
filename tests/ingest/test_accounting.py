"""Promise 11: read = accepted + quarantined + superseded, exactly, whatever the file holds."""

import gzip
import random
from collections.abc import Callable

import pytest
from company import PREDICTION, PREDICTIONS, Company, lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest import deliveries, landing, receipts

GOOD = PREDICTION + ",1.5"
HEADER = PREDICTIONS + ",amount"
FIVE = {
    "bad predicted_at": GOOD.replace("2026-10-05", "02/03/2026"),
    "missing prediction_id": GOOD.replace("p{i}", ""),
    "bad amount": GOOD.replace("1.5", "1.5.5"),
    "bad decision": GOOD.replace("block", "alice@example.com"),
    "too few columns": "p{i},2026-10-05T08:00:00Z",
}
ELEVEN = FIVE | {
    "too many columns": GOOD + ",extra",
    "broken quotes": GOOD.replace("block", '"blo"ck'),
    "nan": GOOD.replace("1.5", "nan"),
    "huge": GOOD.replace("1.5", "1e400"),
    "no offset": GOOD.replace("Z", ""),
    "sql": GOOD.replace("1.5", "1); drop table deliveries; --"),
}
LOGS = {"dataset": "predictions", "path": "inbox/predictions/*"}


def accounts(company: Company) -> tuple[int, int, int, int]:
    found = company.rows(
        "select rows_read, rows_accepted, rows_quarantined, rows_superseded from deliveries"
    )
    return found[0]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("packed", [False, True], ids=["csv", "gz"])
def test_1078_faults_of_5_kinds_among_100_000_lines(
    make: Callable[..., Company], threads: int, packed: bool
) -> None:
    company = make(LOGS, engine={"threads": threads}, max_quarantined_share=0.02)
    dice = random.Random(7)
    faulty = set(dice.sample(range(100_000), 1078))
    kinds = list(FIVE.values())
    body = lines(
        HEADER,
        [(dice.choice(kinds) if i in faulty else GOOD).format(i=i) for i in range(100_000)],
    ).encode()
    company.put("inbox/predictions/a", gzip.compress(body) if packed else body)

    report = company.ingest("predictions")

    assert report.refused == ()
    assert accounts(company) == (100_000, 98_922, 1_078, 0)
    assert company.value("select count(*) from predictions") == 98_922
    assert company.value("select count(distinct row_no) from quarantine") == 1_078
    assert {row for (row,) in company.rows("select row_no - 1 from quarantine")} == faulty
    kept = company.rows("select bool_and(prediction_id = 'p' || (row_no - 1)) from predictions")
    assert kept == [(True,)]
    assert {reason for (reason,) in company.rows("select distinct reason from quarantine")} == set(
        FIVE
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kinds=st.lists(st.sampled_from(["good", "blank", *ELEVEN]), max_size=40),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_every_mix_of_11_kinds_adds_up(
    make: Callable[..., Company], kinds: list[str], end: str
) -> None:
    company = make(LOGS, max_quarantined_share=0.99)
    rows = [
        {"good": GOOD, "blank": ""}.get(kind, ELEVEN.get(kind, "")).format(i=i)
        for i, kind in enumerate(kinds)
    ]
    company.put("inbox/predictions/a.csv", end.join([HEADER, *rows]) + end)

    report = company.ingest("predictions")

    good, blank = kinds.count("good"), kinds.count("blank")
    faulty = len(kinds) - good - blank
    if faulty > 0.99 * (good + faulty):
        assert len(report.refused) == 1
        assert company.value("select count(*) from deliveries") == 0
    else:
        assert accounts(company) == (good + faulty, good, faulty, 0)
        assert company.value("select count(*) from predictions") == good


def test_a_sum_that_is_broken_rolls_everything_back(
    logs: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, [PREDICTION.format(i=1)]))
    whole = receipts.record

    def lose_a_row(con, receipt, months, *rest, **named):  # type: ignore[no-untyped-def]
        whole(con, receipt, [], *rest, **named)

    monkeypatch.setattr(receipts, "record", lose_a_row)
    report = logs.ingest("predictions")
    assert "rows do not add up: 1 read, 0 accepted" in report.refused[0].reason
    for table in ("deliveries", "delivery_months", "quarantine", "predictions"):
        assert logs.value(f"select count(*) from {table}") == 0


def test_equal_rows_of_one_file_with_one_key_are_one_row(make: Callable[..., Company]) -> None:
    company = make({"dataset": "operating_costs", "path": "inbox/costs/*"})
    header = "entry_id,document_on,amount,currency,category,system_id"
    rows = [f"e{i % 3},2026-10-0{i % 3 + 1},{i % 3}.00,USD,labour,card-fraud" for i in range(5)]
    company.put("inbox/costs/a.csv", lines(header, rows))
    company.ingest("operating_costs")
    assert accounts(company) == (5, 3, 0, 2)
    assert company.rows("select entry_id, amount, row_no from operating_costs order by 1") == [
        ("e0", 0, 4),
        ("e1", 1, 5),
        ("e2", 2, 3),
    ]


def test_a_reference_row_that_repeats_a_key_is_a_mistake(make: Callable[..., Company]) -> None:
    company = make()
    header = "system_id,driver,unit,unit_price,currency,valid_from,source_document"
    row = "card-fraud,review,case,-3.00,USD,2026-01-01,contract 7"
    company.put("reference/prices.csv", lines(header, [row, row.replace("3.00", "4.00")]))
    report = company.ingest("prices")
    assert "repeats system_id + driver + unit + valid_from 1" in report.refused[0].reason
    assert company.value("select count(*) from prices") == 0


def test_the_share_that_refuses_a_file_is_the_portfolios(make: Callable[..., Company]) -> None:
    good = [PREDICTION.format(i=i) for i in range(991)]
    bad = [PREDICTION.format(i=i).replace("block", "") for i in range(991, 1000)]
    company = make(LOGS)
    company.put("inbox/predictions/a.csv", lines(PREDICTIONS, good + bad))
    assert company.ingest("predictions").refused == ()
    worse = [*bad, PREDICTION.format(i=1).replace("v1", ""), PREDICTION.format(i=2)[:-5]]
    company.put("inbox/predictions/b.csv", lines(PREDICTIONS, good[:989] + worse))
    reason = company.ingest("predictions").refused[0].reason
    assert "11 of 1000 rows cannot be used (missing decision 10, missing model_version 1)" in reason
    assert "more than 1.00 %" in reason
    assert company.rows("select path from refusals") == [("inbox/predictions/b.csv",)]


def test_take_in_raises_what_ingest_collects(logs: Company) -> None:
    logs.put("inbox/predictions/a.csv", PREDICTIONS)
    (found,) = deliveries.discover(logs.portfolio, "predictions")
    with pytest.raises(DataRefused, match="no line end"):
        deliveries.take_in(logs.con, logs.portfolio, found.source, found)
    assert not list(logs.portfolio.state.glob("deliveries/*/*"))


COST = "e{number},2026-10-20,2026-10-01,2026-10-31,{amount},USD,labour,card-fraud"
COSTS = "entry_id,document_on,service_start,service_end,amount,currency,category,system_id"


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    kinds=st.lists(st.sampled_from(["good", "blank", *ELEVEN]), min_size=1, max_size=30),
    costs=st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from(["1.50", "2", "x"])),
        min_size=1,
        max_size=12,
    ),
)
def test_small_and_large_files_are_read_alike(
    make: Callable[..., Company], kinds: list[str], costs: list[tuple[int, str]]
) -> None:
    """The rows of small files are validated in memory, those of large ones in their file."""
    rows = [
        {"good": GOOD, "blank": ""}.get(kind, ELEVEN.get(kind, "")).format(i=i)
        for i, kind in enumerate(kinds)
    ]
    ledger = [COST.format(number=number, amount=amount) for number, amount in costs]
    found = []
    for small in (landing.SMALL, 0):
        company = make(
            LOGS,
            {"dataset": "operating_costs", "path": "inbox/costs/*"},
            max_quarantined_share=0.99,
        )
        company.put("inbox/predictions/a.csv", lines(HEADER, rows))
        company.put("inbox/costs/a.csv", lines(COSTS, ledger))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(landing, "SMALL", small)
            reports = [company.ingest(name) for name in ("predictions", "operating_costs")]
        found.append(
            (
                [[refused.reason for refused in report.refused] for report in reports],
                company.rows(
                    "select * exclude (received_at, modified_at) from deliveries order by all"
                ),
                company.rows(
                    "select * exclude (first_at, last_at) from delivery_months order by all"
                ),
                company.rows("select * from quarantine order by all"),
                company.rows("select * exclude (predicted_at) from predictions order by all"),
                company.rows("select * from operating_costs order by all"),
            )
        )
    assert found[0] == found[1]
