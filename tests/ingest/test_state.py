"""What happens around the files: remote inboxes, months, crashes, retention, many small files."""

import json
import time
from collections.abc import Callable
from datetime import date
from hashlib import sha256

import fsspec
import pytest
from company import PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline.ingest import deliveries, discovery, landing
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


def test_sweep_removes_what_a_crash_left_and_nothing_else(
    logs: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, [PREDICTION.format(i=1)]))
    logs.ingest("predictions")
    logs.put("inbox/predictions/b.csv", lines(PREDICTIONS, [PREDICTION.format(i=2)]))
    whole = landing.settle

    def settle_and_crash(source, target):  # type: ignore[no-untyped-def]
        whole(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(landing, "settle", settle_and_crash)
    with pytest.raises(KeyboardInterrupt):
        logs.ingest("predictions")
    monkeypatch.undo()
    part = logs.put("state/clean/predictions/.part-x.parquet", "half")
    copy = logs.put("state/tmp/ingest/copy", "half")
    left = deliveries.sweep(logs.con, logs.portfolio)
    assert len(left) == 3
    assert not part.exists()
    assert not copy.exists()
    logs.ingest("predictions")
    assert logs.value("select count(*) from predictions") == 2
    assert deliveries.sweep(logs.con, logs.portfolio) == []


def test_quarantined_rows_lose_their_content_after_90_days(logs: Company) -> None:
    rows = [PREDICTION.format(i=i) for i in range(200)] + ["x,never,card-fraud,v1,block"]
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, rows))
    logs.ingest("predictions")
    deliveries.sweep(logs.con, logs.portfolio)
    assert logs.value("select count(row) from quarantine") == 1
    logs.con.execute("update deliveries set received_at = received_at - interval 91 days")
    deliveries.sweep(logs.con, logs.portfolio)
    assert logs.rows("select row_no, reason, row from quarantine") == [
        (201, "bad predicted_at", None)
    ]


def test_many_small_files_cost_little_each(logs: Company) -> None:
    for number in range(40):
        row = PREDICTION.format(i=number)
        logs.put(f"inbox/predictions/{number}.csv", lines(PREDICTIONS, [row]))
    logs.ingest("outcomes")
    started = time.process_time()
    logs.ingest("predictions")
    assert (time.process_time() - started) / 40 < 0.1
