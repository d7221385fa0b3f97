"""Promises 5 to 8: a file that is cut, corrupt or in another encoding is refused whole."""

import gzip
import json
import os
import random
import time
from hashlib import sha256
from pathlib import Path

import pytest
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline.ingest import landing

ROWS = [PREDICTION.format(i=i) for i in range(2000)]
BODY = lines(PREDICTIONS, ROWS).encode()
DICE = random.Random(11)


def refusal(company: Company, name: str, body: bytes, dataset: str = "predictions") -> str:
    """Deliver bytes that must be refused; gives the reason."""
    company.put(f"inbox/{dataset}/{name}", body)
    report = company.ingest(dataset)
    assert report.receipts == (), "nothing may be taken in"
    (refused,) = report.refused
    assert refused.path == f"inbox/{dataset}/{name}"
    assert refused.reason.startswith(refused.path), "the message names the file"
    for table in ("deliveries", "delivery_months", "quarantine", dataset):
        assert company.value(f"select count(*) from {table}") == 0
    state = company.portfolio.state
    assert not [*state.glob("deliveries/*/*"), *state.glob("tmp/*/ingest/*")]
    return refused.reason


@pytest.mark.parametrize(
    "cut", sorted(DICE.sample(range(20, len(gzip.compress(BODY, mtime=0)) - 1), 10))
)
def test_a_cut_gzip_is_refused(logs: Company, cut: int) -> None:
    assert "cut or corrupt" in refusal(logs, "a.csv.gz", gzip.compress(BODY, mtime=0)[:cut])


def test_a_csv_cut_inside_a_line_is_refused_without_a_manifest(logs: Company) -> None:
    assert "the last line has no line end" in refusal(logs, "a.csv", BODY[:-7])


def test_a_csv_cut_between_lines_is_refused_with_a_manifest(logs: Company) -> None:
    logs.put("inbox/predictions/a.csv.manifest.json", json.dumps({"rows": 2000}))
    reason = refusal(logs, "a.csv", lines(PREDICTIONS, ROWS[:1999]).encode())
    assert "its manifest says rows 2000, the file has 1999" in reason


def test_a_csv_cut_inside_a_line_is_refused_with_a_manifest(logs: Company) -> None:
    said = {"rows": 2000, "sha256": sha256(BODY).hexdigest()}
    logs.put("inbox/predictions/a.csv.manifest.json", json.dumps(said))
    assert "its manifest says sha256" in refusal(logs, "a.csv", BODY[:-7])


def test_a_manifest_proves_that_a_file_without_a_last_line_end_is_whole(logs: Company) -> None:
    whole = BODY[:-1]
    said = {"rows": 2000, "sha256": sha256(whole).hexdigest()}
    logs.put("inbox/predictions/a.csv.manifest.json", json.dumps(said))
    logs.put("inbox/predictions/a.csv", whole)
    assert logs.ingest("predictions").receipts[0].rows_accepted == 2000


def test_the_total_of_a_bill_is_checked_against_its_manifest(bills: Company) -> None:
    body = lines(BILLING, [BILL.format(cost="0.1"), BILL.format(cost="0.20")]).encode()
    manifest = "inbox/billing/a.csv.manifest.json"
    bills.put(manifest, '{"total_billed_cost": 0.31}')
    assert "total_billed_cost 0.31, the file has 0.3" in refusal(bills, "a.csv", body, "billing")
    bills.put(manifest, '{"total_billed_cost": 0.3}')
    assert bills.ingest("billing").receipts[0].rows_accepted == 2


@pytest.mark.parametrize("said", ["[", '{"rows": "many"}', '{"exported_at": "2026-11-01T00:00"}'])
def test_an_unreadable_manifest_refuses_its_file(logs: Company, said: str) -> None:
    logs.put("inbox/predictions/a.csv.manifest.json", said)
    assert "its manifest cannot be read" in refusal(logs, "a.csv", BODY)


def test_a_month_with_far_fewer_rows_than_before_is_suspect(bills: Company) -> None:
    def bill(month: int, rows: int, exported_at: str) -> str:
        row = BILL.format(cost=1).replace("2026-10", f"2026-{month:02}")
        row = row.replace("2026-11", f"2026-{month + 1:02}")
        return lines(BILLING + ",x_ExportDateTime", [f"{row},{exported_at}"] * rows)

    def deliver(name: str, content: str) -> object:
        bills.put(f"inbox/billing/{name}.csv", content)
        return bills.ingest("billing")

    assert not deliver("sep", bill(9, 1000, "2026-10-02T00:00:00Z")).refused
    early = deliver("oct early", bill(10, 100, "2026-10-05T00:00:00Z"))
    assert (
        early.receipts[0].warnings[0].endswith("100 rows for 2026-10, 1000 a month ago: is it cut?")
    )
    few = deliver("oct", bill(10, 700, "2026-11-02T00:00:00Z"))
    assert few.receipts[0].warnings == (), "more than the version it replaces"
    cut = deliver("oct again", bill(10, 300, "2026-11-03T00:00:00Z"))
    assert "300 rows for 2026-10, 700 when delivered before" in cut.refused[0].reason
    bills.put("inbox/billing/oct again.csv.manifest.json", '{"rows": 300}')
    assert not bills.ingest("billing").refused, "the sender's word settles it"


def flipped(body: bytes, bit: int) -> bytes:
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_one_flipped_bit_in_a_gzip_is_always_seen(logs: Company) -> None:
    packed = gzip.compress(BODY, mtime=0)
    header = 10 * 8  # flags and times of the gzip header carry no data
    for number, bit in enumerate(DICE.sample(range(header, len(packed) * 8), 60)):
        file = logs.put(f"inbox/predictions/{number}.csv.gz", flipped(packed, bit))
        assert len(logs.ingest("predictions").refused) == 1, bit
        file.unlink()
    assert logs.value("select count(*) from deliveries") == 0


def test_one_flipped_bit_in_parquet_is_seen_with_a_manifest(logs: Company, tmp_path: Path) -> None:
    logs.put("inbox/predictions/a.csv", BODY)
    logs.ingest("predictions")
    (clean,) = logs.portfolio.state.glob("deliveries/predictions/*/clean.parquet")
    body = clean.read_bytes()
    logs.put("inbox/predictions/b.manifest.json", json.dumps({"sha256": sha256(body).hexdigest()}))
    for bit in DICE.sample(range(len(body) * 8), 60):
        logs.put("inbox/predictions/b", flipped(body, bit))
        assert "its manifest says sha256" in logs.ingest("predictions").refused[0].reason


def test_cut_or_corrupt_parquet_is_refused_without_a_manifest(logs: Company) -> None:
    logs.put("source.csv", BODY)
    target = logs.portfolio.state / "whole.parquet"
    logs.con.execute(f"copy (from read_csv('{logs.folder}/source.csv')) to '{target}'")
    body = target.read_bytes()
    target.unlink()
    assert "footer is missing" in refusal(logs, "a.parquet", body[: len(body) // 2])
    os.unlink(logs.folder / "inbox/predictions/a.parquet")
    torn = body[:4] + b"\xff" * 400 + body[404:]
    assert "cannot be read" in refusal(logs, "b.parquet", torn)


ENCODINGS = {
    "utf-8": None,
    "utf-8-sig": None,
    "latin-1": "is not UTF-8",
    "cp1252": "is not UTF-8",
    "utf-16": "byte 0 is not UTF-8",
    "utf-16-le": "NUL at byte 1",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_only_utf_8_is_read(logs: Company, encoding: str) -> None:
    text = lines(PREDICTIONS, [*ROWS[:50], PREDICTION.format(i="–Zürich")])
    if encoding in ("latin-1", "utf-16-le"):
        text = text.replace("–", "").replace("ü", "ü" if encoding == "latin-1" else "u")
    said = ENCODINGS[encoding]
    body = text.encode(encoding)
    if said is None:
        logs.put("inbox/predictions/a.csv", body)
        assert logs.ingest("predictions").receipts[0].rows_accepted == 51
        assert logs.value("select prediction_id from predictions where row_no = 51") == "p–Zürich"
        return
    reason = refusal(logs, "a.csv", body)
    assert said in reason
    if encoding in ("latin-1", "cp1252"):
        offset = next(i for i, byte in enumerate(body) if byte > 127)
        assert f"byte {offset} " in reason


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "the header is empty"),
        ("a.csv", b",,\n1,2,3\n", "the header is empty"),
        ("a.zip", b"PK\x03\x04" + b"\0" * 40, "is an archive"),
        ("a.gz", gzip.compress(gzip.compress(BODY, mtime=0), mtime=0), "is an archive"),
        ("a.gz", gzip.compress(b"", mtime=0), "the header is empty"),
        ("a.csv", BODY + b'p1,"2026', "the last line has no line end"),
        ("a.csv", BODY + b'p1,"2026\n' * 3, "is never closed"),
    ],
)
def test_what_is_no_table_is_refused(logs: Company, name: str, body: bytes, said: str) -> None:
    assert said in refusal(logs, name, body)


def test_a_decompression_bomb_is_refused_early(logs: Company) -> None:
    packed = gzip.compress(b"a,b,c\n" * 30_000_000, 9)
    started = time.process_time()
    assert "more than 100 times its size" in refusal(logs, "a.gz", packed)
    assert time.process_time() - started < 1


def test_a_file_that_grows_while_it_is_read_is_refused(
    logs: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = landing.write

    def write_while_growing(con, job, target):  # type: ignore[no-untyped-def]
        rows = whole(con, job, target)
        file = logs.folder / "inbox/predictions/a.csv"
        file.write_bytes(file.read_bytes() + b"more")
        return rows

    monkeypatch.setattr(landing, "write", write_while_growing)
    assert "changed while it was read" in refusal(logs, "a.csv", BODY)
