"""Promise 47: whatever is wrong with a file, its manifest or its name, the others are ingested."""

import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline.ingest import deliveries, landing

GOOD = ("a.csv", "zz.csv")  # before and after whatever is broken
HEAD = PREDICTIONS.encode()
ROW = PREDICTION.format(i=1).encode()
BODY = HEAD + b"\n" + b"".join(PREDICTION.format(i=i).encode() + b"\n" for i in range(20))
FIELDS = dict(zip(PREDICTIONS.split(","), PREDICTION.format(i=1).split(","), strict=True))
LINE = json.dumps(FIELDS)
DEEP = 100_000


def jsonl(*records: str) -> bytes:
    return "".join(f"{record}\n" for record in records).encode()


def with_value(name: str, raw: str) -> str:
    """A good record, but for one value written as `raw` JSON."""
    return LINE.replace(json.dumps(FIELDS[name]), raw, 1)


BROKEN: dict[str, bytes] = {
    "empty": b"",
    "only a line end": b"\n",
    "header of CR lines": BODY.replace(b"\n", b"\r"),
    "CR lines and a last LF": BODY[:-1].replace(b"\n", b"\r") + b"\n",
    "CR inside the header": HEAD.replace(b",", b"\r,", 1) + BODY[len(HEAD) :],
    "mixed line ends": HEAD + b"\r\n" + (ROW + b"\r" + ROW + b"\n") * 5,
    "latin-1": BODY + "p\u00e9".encode("latin-1") + ROW + b"\n",
    "utf-16": BODY.decode().encode("utf-16"),
    "a surrogate as UTF-8": BODY + b"\xed\xa0\x80" + ROW + b"\n",
    "NUL bytes": b"\0" * 4096,
    "an open quote": HEAD + b'\n"' + ROW + b"\n" + ROW + b"\n",
    "an open quote in the header": b'"' + BODY,
    "a quote inside a header": HEAD.replace(b"ion_id", b'ion"_id', 1) + BODY[len(HEAD) :],
    "a header and no line end": HEAD,
    "too many columns": HEAD + b"\n" + ROW + b",1,2,3\n",
    "a field too long": HEAD + b"\n" + b"x" * 5_000_000 + ROW + b"\n",
    "a header too long": b"x" * 3_000_000 + BODY,
    "20,000 columns": b",".join(b"c%d" % i for i in range(20_000)) + b"\n",
    "a lone surrogate in JSON": jsonl(with_value("prediction_id", r'"\ud800"')),
    "a low surrogate in JSON": jsonl(with_value("decision", r'"a\uDFFFb"')),
    "a lone surrogate in a key": jsonl(LINE[:-1] + r', "\udc00": 1}'),
    "JSON nested deeply": jsonl('{"a": ' + "[" * DEEP + "]" * DEEP + "}"),
    "JSON objects nested deeply": jsonl('{"a":' * DEEP + "1" + "}" * DEEP),
    "JSON that is no object": jsonl("[1, 2]", "3"),
    "JSON cut": jsonl(LINE, LINE[:-9]),
    "a JSON array": json.dumps([FIELDS], indent=1).encode() + b"\n",
    "JSON with a key twice": jsonl(LINE[:-1] + ', "decision": "x"}'),
    "Infinity as a time": jsonl(with_value("predicted_at", "Infinity")),
    "1e5000 as a time": jsonl(with_value("predicted_at", "1e5000")),
    "a number of 100,000 digits": jsonl(with_value("predicted_at", "9" * 100_000)),
    "gzip cut": gzip.compress(BODY, mtime=0)[:-9],
    "gzip with more behind it": gzip.compress(BODY, mtime=0) + b"more and more",
    "gzip of a header of CR lines": gzip.compress(BODY.replace(b"\n", b"\r"), mtime=0),
    "Parquet of nothing": b"PAR1PAR1",
    "Parquet, three bytes": b"PAR",
    "Parquet torn": b"PAR1" + b"\xff" * 4000 + b"\x10\x27\0\0PAR1",
    "an archive": b"PK\x03\x04" + b"\0" * 40,
}
MANIFESTS: dict[str, bytes] = {
    "is empty": b"",
    "is not JSON": b"rows: 20",
    "is not UTF-8": b'{"rows": "\xff\xfe"}',
    "is a list": b"[20]",
    "is a number": b"20",
    "is null": b"null",
    "rows Infinity": b'{"rows": Infinity}',
    "rows NaN": b'{"rows": NaN}',
    "rows -1": b'{"rows": -1}',
    "rows 1e5000": b'{"rows": 1e5000}',
    "rows 1e999999999": b'{"rows": 1e999999999}',
    "rows of 5,000 digits": b'{"rows": ' + b"9" * 5000 + b"}",
    "rows 20.5": b'{"rows": 20.5}',
    "rows true": b'{"rows": true}',
    "rows a list": b'{"rows": [20]}',
    "rows an object": b'{"rows": {"rows": 20}}',
    "sha256 a number": b'{"sha256": 7}',
    "sha256 a surrogate": rb'{"sha256": "\ud800"}',
    "total NaN": b'{"total_billed_cost": NaN}',
    "total sNaN": b'{"total_billed_cost": "sNaN"}',
    "total Infinity": b'{"total_billed_cost": -Infinity}',
    "total 1e999999999": b'{"total_billed_cost": 1e999999999}',
    "total an object": b'{"total_billed_cost": {}}',
    "exported_at a number": b'{"exported_at": 1793491200}',
    "exported_at a list": b'{"exported_at": []}',
    "exported_at false": b'{"exported_at": false}',
    "exported_at before the year 1": b'{"exported_at": "0001-01-01T00:00:00+14:00"}',
    "exported_at after the year 9999": b'{"exported_at": "9999-12-31T23:59:59-14:00"}',
    "exported_at without a zone": b'{"exported_at": "2026-10-01T00:00:00"}',
    "nested deeply": b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "objects nested deeply": b'{"a":' * DEEP,
    "is larger than 1 MB": b'{"note": "' + b"x" * 2_000_000 + b'"}',
}


@pytest.fixture
def neighbours(logs: Company) -> Company:
    """Two good files, and a folder for a broken one that is read between them."""
    for place, name in enumerate(GOOD):
        rows = [PREDICTION.format(i=f"{place}-{i}") for i in range(10)]
        logs.put(f"inbox/predictions/{name}", lines(PREDICTIONS, rows))
    return logs


def only_it_is_rejected(company: Company, path: str) -> str:
    """Ingest, within two seconds, what is there; gives why the one broken file was rejected."""
    started = time.process_time()
    report = company.ingest("predictions")
    assert time.process_time() - started < 2
    assert sorted(receipt.path.rsplit("/", 1)[1] for receipt in report.receipts) == [*GOOD]
    assert company.value("select count(*) from predictions") == 20
    (refused,) = report.refused
    assert refused.path == path
    assert refused.reason.startswith(path)
    assert len(refused.reason) < 2000
    assert company.rows("select path, reason from refusals") == [(path, refused.reason)]
    assert not [*company.portfolio.state.glob("tmp/*/ingest/*")]
    assert len([*company.portfolio.state.glob("deliveries/predictions/*")]) == 2
    return refused.reason


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_leaves_its_neighbours(neighbours: Company, kind: str) -> None:
    neighbours.put("inbox/predictions/m", BROKEN[kind])
    only_it_is_rejected(neighbours, "inbox/predictions/m")


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_broken_manifest_rejects_its_file_only(neighbours: Company, kind: str) -> None:
    neighbours.put("inbox/predictions/m.csv", BODY)
    neighbours.put("inbox/predictions/m.csv.manifest.json", MANIFESTS[kind])
    assert "manifest" in only_it_is_rejected(neighbours, "inbox/predictions/m.csv")


def test_a_name_that_is_not_utf_8_rejects_its_file_only(neighbours: Company) -> None:
    folder = os.fsencode(neighbours.folder / "inbox/predictions")
    with open(folder + b"/caf\xe9.csv", "wb") as file:
        file.write(BODY)
    reason = only_it_is_rejected(neighbours, r"inbox/predictions/caf\udce9.csv")
    assert "its name is not UTF-8" in reason
    assert "rename" in reason


@pytest.mark.parametrize("seconds", [-(2**40), 2**40])
def test_a_time_outside_the_calendar_rejects_its_file_only(
    neighbours: Company, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """Some file systems keep such times, and some network mounts invent them."""
    neighbours.put("inbox/predictions/m.csv", BODY)
    whole = Path.stat

    def stat(file: Path, **options: Any) -> Any:
        found = whole(file, **options)
        if file.name != "m.csv":
            return found
        kept = {"st_mode": found.st_mode, "st_size": found.st_size}
        return SimpleNamespace(**kept, st_mtime_ns=seconds * 10**9)

    monkeypatch.setattr(Path, "stat", stat)
    assert "time" in only_it_is_rejected(neighbours, "inbox/predictions/m.csv")


def test_a_manifest_that_is_a_folder_rejects_its_file_only(neighbours: Company) -> None:
    neighbours.put("inbox/predictions/m.csv", BODY)
    neighbours.put("inbox/predictions/m.csv.manifest.json/inside", "{}")
    assert "manifest" in only_it_is_rejected(neighbours, "inbox/predictions/m.csv")


def test_a_link_to_itself_stops_nothing(neighbours: Company) -> None:
    link = neighbours.folder / "inbox/predictions/m.csv"
    link.symlink_to(link)
    report = neighbours.ingest("predictions")
    assert len(report.receipts) == 2


ERRORS: dict[str, Exception] = {
    "KeyError": KeyError("jane@example.com"),
    "UnicodeEncodeError": UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
    "RecursionError": RecursionError("deep"),
    "OverflowError": OverflowError("large"),
    "PermissionError": PermissionError(13, "Permission denied", "/x"),
    "AssertionError": AssertionError("jane@example.com"),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_nobody_thought_of_rejects_its_file_only(
    neighbours: Company, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    whole = deliveries.land

    def land(con: Any, portfolio: Any, delivered: Any, part: Path) -> Any:
        if delivered.found.path.endswith("m.csv"):
            part.write_bytes(b"half")
            raise ERRORS[kind]
        return whole(con, portfolio, delivered, part)

    monkeypatch.setattr(deliveries, "land", land)
    neighbours.put("inbox/predictions/m.csv", BODY)
    reason = only_it_is_rejected(neighbours, "inbox/predictions/m.csv")
    assert kind in reason
    assert "jane" not in reason


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), MemoryError()], ids=["disk", "memory"]
)
def test_a_full_disk_or_memory_is_not_the_fault_of_a_file(
    neighbours: Company, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(landing, "write", full)
    with pytest.raises(type(error)):
        neighbours.ingest("predictions")


@pytest.fixture
def formats(make: Callable[..., Company]) -> Company:
    return make(
        {"id": "openai", "dataset": "billing", "path": "inbox/o/*", "format": "openai_costs"},
        {"id": "focus", "dataset": "billing", "path": "inbox/f/*"},
        {"id": "llm", "dataset": "predictions", "path": "inbox/l/*", "format": "litellm_spend",
         "columns": {"system_id": "=card-fraud", "decision": "=none"}},
        {"id": "dbx", "dataset": "predictions", "path": "inbox/d/*",
         "format": "databricks_inference",
         "columns": {"system_id": "=card-fraud", "decision": "=none"}},
        {"id": "otel", "dataset": "predictions", "path": "inbox/t/*", "format": "otel_genai",
         "columns": {"system_id": "=card-fraud", "decision": "=none"}},
    )  # fmt: skip


def page(amount: str, line_item: str = '"m"') -> bytes:
    """One page of OpenAI's costs with one result."""
    return (
        '{"object": "page", "data": [{"object": "bucket", "start_time": 1790812800, '
        '"end_time": 1790899200, "results": [{"object": "organization.costs.result", '
        f'"amount": {{"value": {amount}, "currency": "usd"}}, "line_item": {line_item}}}]}}]}}\n'
    ).encode()


def spend(amount: str, **more: str) -> bytes:
    """One call of LiteLLM's log, values as raw JSON."""
    record = {
        "request_id": '"r1"', "startTime": '"2026-10-05T08:00:00Z"', "prompt_tokens": "1",
        "model": '"m"', "spend": amount, **more,
    }  # fmt: skip
    return ("{" + ", ".join(f'"{key}": {value}' for key, value in record.items()) + "}\n").encode()


OF_FORMATS: dict[str, tuple[str, bytes]] = {
    "openai: a lone surrogate": ("billing/o/m.json", page("1", r'"\ud800"')),
    "openai: nested deeply": ("billing/o/m.json", b'{"data": ' + b"[" * DEEP),
    "openai: cut": ("billing/o/m.json", page("1")[:-20]),
    "openai: 1e999999999": ("billing/o/m.json", page("1e999999999")),
    "openai: seconds out of range": (
        "billing/o/m.json",
        page("1").replace(b"1790812800", b"9" * 18),
    ),
    "openai: data is no list": ("billing/o/m.json", b'{"data": {"results": 1}}\n'),
    "focus: Infinity": ("billing/f/m.csv", lines(BILLING, [BILL.format(cost="inf")]).encode()),
    "litellm: a lone surrogate": ("predictions/l/m", spend("1", model=r'"\udbff"')),
    "litellm: spend 1e999999999": ("predictions/l/m", spend("1e999999999", prompt_tokens='"x"')),
    "databricks: a fraction of 1e-999999999": (
        "predictions/d/m",
        b'{"databricks_request_id": "1", "timestamp_ms": 1790812800000, "sampling_fraction": '
        b'1e-999999999, "model_version": "1"}\n',
    ),
    "databricks: a surrogate inside an answer": (
        "predictions/d/m",
        b'{"databricks_request_id": "1", "timestamp_ms": 1790812800000, "status_code": 200, '
        b'"request_metadata": "{\\"model_version\\": \\"\\\\ud800\\"}"}\n',
    ),
    "otel: attributes of another kind": (
        "predictions/t/m",
        b'{"resourceSpans": [{"scopeSpans": [{"spans": 7}, {"spans": [[1]]}], "resource": 3}]}\n'
        b'{"resourceSpans": [{"scopeSpans": 5}]}\n',
    ),
    "otel: a nested surrogate": (
        "predictions/t/m",
        b'{"trace_id": "a", "span_id": "b", "start_time": "2026-10-05T08:00:00Z", "attributes": '
        b'{"gen_ai.request.model": "\\udc00"}}\n',
    ),
}


@pytest.mark.parametrize("kind", OF_FORMATS)
def test_a_broken_file_of_a_format_leaves_its_neighbours(formats: Company, kind: str) -> None:
    place, body = OF_FORMATS[kind]
    dataset, path = place.split("/", 1)
    good = {
        "billing": {"f/a.csv": lines(BILLING, [BILL.format(cost="1")]), "o/z.json": page("2")},
        "predictions": {"d/a": GOOD_CALL, "l/z": spend("1"), "t/zz": GOOD_SPAN},
    }[dataset]
    for name, text in good.items():
        formats.put(f"inbox/{name}", text)
    formats.put(f"inbox/{path}", body)
    started = time.process_time()
    report = formats.ingest(dataset)
    assert time.process_time() - started < 2
    assert [refused.path for refused in report.refused] == [f"inbox/{path}"]
    assert formats.value(f"select count(*) from {dataset}") == len(good)


GOOD_CALL = (
    b'{"databricks_request_id": "good", "timestamp_ms": 1790812800000, "request_metadata": '
    b'"{\\"model_version\\": \\"3\\"}"}\n'
)
GOOD_SPAN = (
    b'{"trace_id": "a", "span_id": "b", "start_time": "2026-10-05T08:00:00Z", "attributes": '
    b'{"gen_ai.request.model": "m"}}\n'
)
