"""Promises 3 and 4 on landing: the same bytes change nothing, the newer version of a bill stays."""

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roi_pipeline.ingest import deliveries, files

LOGS = {"dataset": "predictions", "path": "inbox/predictions/*"}
BODY = lines(PREDICTIONS, [PREDICTION.format(i=i) for i in range(5)]).encode()


def bill(*costs: object, exported_at: str | None = None) -> str:
    header, tail = (BILLING, "") if exported_at is None else (BILLING + ",x_ExportDateTime", "")
    tail = "" if exported_at is None else f",{exported_at}"
    return lines(header, [BILL.format(cost=cost) + tail for cost in costs])


def at(path: Path, day: int) -> None:
    """Say that a file was last written on a day of November 2026."""
    moment = datetime(2026, 11, day, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))


def billed(company: Company) -> object:
    return company.value("select sum(billed_cost) from billing")


def test_the_same_bytes_under_any_name_or_packing_are_one_delivery(logs: Company) -> None:
    logs.put("inbox/predictions/a.csv", BODY)
    (first,) = logs.ingest("predictions").receipts
    assert logs.ingest("predictions").unchanged == ("inbox/predictions/a.csv",)
    logs.put("inbox/predictions/renamed.csv", BODY)
    logs.put("inbox/predictions/packed.csv.gz", gzip.compress(BODY))
    logs.put("inbox/predictions/packed again.gz", gzip.compress(BODY, 1))
    report = logs.ingest("predictions")
    assert (report.receipts, report.refused) == ((), ())
    assert len(report.unchanged) == 4
    assert logs.rows("select delivery_id, path, rows_read from deliveries") == [
        (first.delivery_id, "inbox/predictions/a.csv", 5)
    ]
    assert logs.value("select count(*) from predictions") == 5


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.sampled_from(["plain", "packed", "repacked", "other", "run"]), max_size=9))
def test_any_interleaving_of_repeats_keeps_every_row_once(
    make: Callable[..., Company], steps: list[str]
) -> None:
    company, names = make(LOGS), count()
    other = lines(PREDICTIONS, ["q1,2026-10-06T00:00:00Z,card-fraud,v1,allow"]).encode()
    forms = {
        "plain": BODY,
        "packed": gzip.compress(BODY, mtime=0),
        "repacked": gzip.compress(BODY, 1, mtime=1),
        "other": other,
    }
    for step in steps:
        if step == "run":
            deliveries.ingest(company.con, company.portfolio, "predictions")
        else:
            company.put(f"inbox/predictions/{next(names)}", forms[step])
    assert company.ingest("predictions").refused == ()
    has_body, has_other = bool(set(steps) & {"plain", "packed", "repacked"}), "other" in steps
    assert company.value("select count(*) from predictions") == 5 * has_body + has_other
    assert company.value("select count(*) from deliveries") == has_body + has_other


@pytest.mark.parametrize("newest_first", [False, True])
def test_of_two_versions_the_newer_export_stays_whatever_arrives_first(
    bills: Company, newest_first: bool
) -> None:
    old = ("inbox/billing/z.csv", bill(100, 50, exported_at="2026-11-02T00:00:00Z"))
    new = ("inbox/billing/a.csv", bill(100, 25, exported_at="2026-11-03T00:00:00Z"))
    for path, content in (new, old) if newest_first else (old, new):
        bills.put(path, content)
        bills.ingest("billing")
    assert billed(bills) == 125
    assert bills.rows("select path from deliveries order by path") == [(new[0],), (old[0],)]
    assert bills.rows(
        "select path, is_live from delivery_months join deliveries using (delivery_id) order by 1"
    ) == [(new[0], True), (old[0], False)]


def test_a_manifest_says_when_a_file_was_exported(bills: Company) -> None:
    at(bills.put("inbox/billing/old.csv", bill(1)), 9)
    at(bills.put("inbox/billing/new.csv", bill(2)), 3)
    for name, day in (("old", 2), ("new", 4)):
        said = {"exported_at": f"2026-11-0{day}T00:00:00Z", "rows": 1}
        bills.put(f"inbox/billing/{name}.csv.manifest.json", json.dumps(said))
    assert bills.ingest("billing").refused == ()
    assert billed(bills) == 2


def test_without_any_export_time_the_younger_file_is_newer(bills: Company) -> None:
    at(bills.put("inbox/billing/a.csv", bill(2)), 4)
    at(bills.put("inbox/billing/b.csv", bill(1)), 3)
    bills.ingest("billing")
    assert billed(bills) == 2


def test_a_path_with_new_bytes_is_a_new_version_of_its_months_only(bills: Company) -> None:
    september = bill(7).replace("2026-10", "2026-09").replace("2026-11", "2026-10")
    at(bills.put("inbox/billing/latest.csv", september), 1)
    bills.ingest("billing")
    at(bills.put("inbox/billing/latest.csv", bill(10)), 2)
    bills.ingest("billing")
    at(bills.put("inbox/billing/latest.csv", bill(12)), 3)
    bills.ingest("billing")
    assert bills.rows(
        "select billing_month, sum(billed_cost) from billing group by 1 order by 1"
    ) == [
        (date(2026, 9, 1), 7),
        (date(2026, 10, 1), 12),
    ]
    assert bills.value("select count(*) from deliveries") == 3


def test_an_export_of_one_month_leaves_the_other_months_of_an_older_file(bills: Company) -> None:
    september = bill(7).replace("2026-10", "2026-09").replace("2026-11", "2026-10")
    both = september + bill(10).split("\n", 1)[1]
    at(bills.put("inbox/billing/both.csv", both), 1)
    at(bills.put("inbox/billing/october.csv", bill(11)), 2)
    bills.ingest("billing")
    assert bills.rows(
        "select billing_month, sum(billed_cost) from billing group by 1 order by 1"
    ) == [
        (date(2026, 9, 1), 7),
        (date(2026, 10, 1), 11),
    ]


def test_files_in_a_folder_that_a_wildcard_chose_are_one_export(
    make: Callable[..., Company],
) -> None:
    company = make({"dataset": "billing", "path": "inbox/billing/aws/*/*.csv"})
    for run, day, costs in (("1", 2, (100, 50)), ("2", 3, (70, 40))):
        for part, cost in enumerate(costs):
            at(company.put(f"inbox/billing/aws/run{run}/part{part}.csv", bill(cost)), day)
        company.ingest("billing")
    assert billed(company) == 110
    assert company.rows("select distinct export_group from deliveries order by 1") == [
        ("inbox/billing/aws/run1",),
        ("inbox/billing/aws/run2",),
    ]


def test_under_append_every_bill_stays(make: Callable[..., Company]) -> None:
    company = make({"dataset": "billing", "path": "inbox/billing/*", "mechanism": "append"})
    company.put("inbox/billing/a.csv", bill(100))
    company.put("inbox/billing/b.csv", bill(-25))
    company.ingest("billing")
    assert billed(company) == 75


def test_an_edited_reference_file_can_be_put_back(make: Callable[..., Company]) -> None:
    company = make()
    header = "system_id,driver,unit,unit_price,currency,valid_from,source_document"
    price = "card-fraud,review,case,{},USD,2026-01-01,contract 7"
    for day, value in ((1, "-3.00"), (2, "-4.00"), (3, "-3.00")):
        at(company.put("reference/prices.csv", lines(header, [price.format(value)])), day)
        report = company.ingest("prices")
        assert len(report.receipts) == 1
        assert company.rows("select unit_price from prices") == [(Decimal(value),)]
    assert company.value("select count(*) from deliveries") == 2
    assert company.ingest("prices").receipts == ()


def test_a_bill_that_is_put_back_counts_again_in_its_months(bills: Company) -> None:
    for day, cost in ((1, 10), (2, 20), (3, 10)):
        at(bills.put("inbox/billing/latest.csv", bill(cost)), day)
        report = bills.ingest("billing")
        assert report.months == (date(2026, 10, 1),)
        assert billed(bills) == cost


def test_small_tables_show_the_newest_version_of_a_key(make: Callable[..., Company]) -> None:
    company = make({"dataset": "operating_costs", "path": "inbox/costs/*"})
    header = "entry_id,document_on,amount,currency,category,system_id"
    row = "{},2026-10-03,{},USD,labour,card-fraud"
    at(
        company.put(
            "inbox/costs/b.csv", lines(header, [row.format("e1", 10), row.format("e2", 5)])
        ),
        2,
    )
    company.ingest("operating_costs")
    at(company.put("inbox/costs/a.csv", lines(header, [row.format("e1", 12)])), 3)
    company.ingest("operating_costs")
    at(company.put("inbox/costs/c.csv", lines(header, [row.format("e2", 99)])), 1)
    company.ingest("operating_costs")
    assert company.rows("select entry_id, amount from operating_costs order by 1") == [
        ("e1", 12),
        ("e2", 5),
    ]


def test_predictions_are_not_deduplicated_on_landing(logs: Company) -> None:
    logs.put("inbox/predictions/a.csv", BODY)
    logs.put("inbox/predictions/b.csv", BODY.replace(b"block", b"allow"))
    logs.ingest("predictions")
    assert logs.value("select count(*) from predictions") == 10
    assert logs.rows("select sum(rows_superseded) from deliveries") == [(0,)]


def test_a_run_with_nothing_new_reads_no_file(
    logs: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.put("inbox/predictions/a.csv", BODY)
    logs.ingest("predictions")
    monkeypatch.setattr(files, "sha256_of", lambda path: pytest.fail(f"{path} was read again"))
    assert logs.ingest("predictions").unchanged == ("inbox/predictions/a.csv",)
