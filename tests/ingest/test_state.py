"""What happens around the files: remote inboxes, months, crashes, retention, many small files."""

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import date
from hashlib import sha256

import fsspec
import pytest
from company import PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline import warehouse
from roi_pipeline.ingest import deliveries, discovery
from roi_pipeline.ingest.live import live_deliveries


def test_remote_files_are_copied_taken_in_and_left_alone(make: Callable[..., Company]) -> None:
    remote = fsspec.filesystem("memory")
    body = lines(PREDICTIONS, [PREDICTION.format(i=i) for i in range(3)]).encode()
    remote.pipe("/bucket/2026-10/a.csv", body)
    remote.pipe("/bucket/2026-10/a.csv.manifest.json", json.dumps({"rows": 3}).encode())
    remote.pipe("/bucket/2026-10/b.csv", body[:-5])
    company = make({"dataset": "predictions", "path": "memory://bucket/*/*"})
    report = company.ingest("predictions")
    assert [receipt.path for receipt in report.receipts] == ["memory://bucket/2026-10/a.csv"]
    assert [refused.path for refused in report.refused] == ["memory://bucket/2026-10/b.csv"]
    assert report.receipts[0].file_sha256 == sha256(body).hexdigest()
    assert company.value("select count(*) from predictions") == 3
    assert company.ingest("predictions").unchanged == ("memory://bucket/2026-10/a.csv",)
    assert not list(discovery.workspace(company.portfolio).iterdir())
    remote.rm("/bucket", recursive=True)


def test_months_leave_out_prediction_files_without_rows_in_them(logs: Company) -> None:
    for month in ("09", "10"):
        row = PREDICTION.format(i=month).replace("2026-10", f"2026-{month}")
        logs.put(f"inbox/predictions/{month}.csv", lines(PREDICTIONS, [row]))
    logs.ingest("predictions")
    months = [date(2026, 10, 1)]
    assert len(live_deliveries(logs.con, logs.portfolio, "predictions", months)) == 1
    assert len(live_deliveries(logs.con, logs.portfolio, "predictions", None)) == 2


def test_files_of_before_a_column_was_added_give_null_for_it(logs: Company) -> None:
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, [PREDICTION.format(i=1)]))
    logs.ingest("predictions")
    (live,) = live_deliveries(logs.con, logs.portfolio, "predictions", None)
    old = live.file
    without = old.with_suffix(".without")
    logs.con.execute(
        f"copy (select * exclude (entity_id) from '{old}') to '{without}' (format parquet)"
    )
    without.replace(old)
    deliveries.create_views(logs.con, logs.portfolio)
    assert logs.rows("select prediction_id, entity_id from predictions") == [("p1", None)]


def reopened(company: Company) -> Company:
    """The same portfolio as a process sees it that starts now."""
    con = warehouse.in_memory()
    deliveries.open_receipts(con, company.portfolio)
    deliveries.create_views(con, company.portfolio)
    return Company(company.portfolio, con)


def test_a_delivery_exists_when_its_folder_does(
    logs: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before the folder has its name nothing was ingested; stopped after it, all was."""
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, [PREDICTION.format(i=1)]))
    logs.ingest("predictions")
    logs.put("inbox/predictions/b.csv", lines(PREDICTIONS, [PREDICTION.format(i=2)]))
    rename = os.rename

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    def rename_and_stop(source: str, target: str) -> None:
        rename(source, target)
        raise KeyboardInterrupt

    for stopping, rows in ((stop, 1), (rename_and_stop, 2)):
        monkeypatch.setattr(os, "rename", stopping)
        with pytest.raises(KeyboardInterrupt):
            reopened(logs).ingest("predictions")
        monkeypatch.undo()
        assert reopened(logs).value("select count(*) from predictions") == rows
    again = reopened(logs)
    again.ingest("predictions")
    assert again.value("select count(*) from predictions") == 2
    assert not list((logs.portfolio.state / "deliveries").rglob("*.part"))


def test_a_process_that_starts_later_knows_what_was_ingested(logs: Company) -> None:
    rows = [PREDICTION.format(i=i) for i in range(200)] + ["x,never,card-fraud,v1,block"]
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, rows))
    logs.ingest("predictions")
    later = reopened(logs)
    for table in ("deliveries", "delivery_months", "delivery_paths", "quarantine"):
        query = f"select * from {table} order by all"
        assert later.con.execute(query).pl().equals(logs.con.execute(query).pl()), table
    assert later.ingest("predictions").unchanged == ("inbox/predictions/a.csv",)


def test_without_the_index_files_are_known_by_their_bytes(logs: Company) -> None:
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, [PREDICTION.format(i=1)]))
    (receipt,) = logs.ingest("predictions").receipts
    shutil.rmtree(logs.portfolio.state / "index")
    report = reopened(logs).ingest("predictions")
    assert (report.receipts, report.unchanged) == ((), (receipt.path,))


def test_quarantined_rows_lose_their_content_after_90_days(logs: Company) -> None:
    rows = [PREDICTION.format(i=i) for i in range(200)] + ["x,never,card-fraud,v1,block"]
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, rows))
    (receipt,) = logs.ingest("predictions").receipts
    assert reopened(logs).value("select count(row) from quarantine") == 1
    folder = logs.portfolio.state / "deliveries" / "predictions" / receipt.delivery_id
    said = json.loads((folder / "receipt.json").read_text())
    said["deliveries"][0]["received_at"] = "2026-01-01 00:00:00+00"
    (folder / "receipt.json").write_text(json.dumps(said))
    for _ in range(2):
        assert reopened(logs).rows("select row_no, reason, row from quarantine") == [
            (201, "bad predicted_at", None)
        ]
    kept = logs.con.execute(f"from '{folder}/quarantine.parquet'").pl()
    assert kept["row"].to_list() == [None]


def test_many_small_files_cost_little_each(logs: Company) -> None:
    for number in range(40):
        row = PREDICTION.format(i=number)
        logs.put(f"inbox/predictions/{number}.csv", lines(PREDICTIONS, [row]))
    logs.ingest("outcomes")
    started = time.process_time()
    logs.ingest("predictions")
    assert (time.process_time() - started) / 40 < 0.1


def test_an_index_without_its_delivery_says_nothing(logs: Company) -> None:
    """Another process may write both between the reading of one and of the other; and a delivery
    that was lost is ingested again."""
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, [PREDICTION.format(i=1)]))
    (receipt,) = logs.ingest("predictions").receipts
    shutil.rmtree(logs.portfolio.state / "deliveries" / "predictions" / receipt.delivery_id)
    again = reopened(logs)
    assert [each.delivery_id for each in again.ingest("predictions").receipts] == [
        receipt.delivery_id
    ]
    assert again.value("select count(*) from predictions") == 1
