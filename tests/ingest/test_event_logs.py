"""Prediction logs in the shapes that serving platforms write, through the one door of ingestion."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from company import Company

from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.events import SHAPES
from roi_pipeline.ingest.judging import PII_KEY
from roi_pipeline.portfolio import formats_of

SECRET = "my card number is 4111"  # noqa: S105


def log_source(shape: str, **columns: str) -> dict[str, Any]:
    said = {"system_id": "=card-fraud", "decision": "=none", "model_version": "=v1"}
    given = set(SHAPES[shape].gives)
    mapped = {key: value for key, value in said.items() if key not in given} | columns
    return {"dataset": "predictions", "path": "inbox/*", "format": shape, "columns": mapped}


def lines_of(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def span(number: int, **attributes: Any) -> dict[str, Any]:
    def typed(value: Any) -> dict[str, Any]:
        return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}

    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": f"eee19b7ec3c1b17{number}",
        "name": "chat m",
        "startTimeUnixNano": "1759651200123456789",
        "endTimeUnixNano": "1759651201373456789",
        "attributes": [{"key": key, "value": typed(value)} for key, value in attributes.items()],
        "status": {"code": 2} if number == 2 else {},
    }


CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.response.model": "m-2026-09",
    "gen_ai.usage.input_tokens": 120,
    "gen_ai.usage.output_tokens": 30,
    "gen_ai.usage.cache_read.input_tokens": 100,
    "gen_ai.input.messages": SECRET,
    "app.decision": "answered",
}
AGENT = CALL | {"gen_ai.operation.name": "invoke_agent"}
OTLP = {
    "resourceSpans": [
        {
            "resource": {
                "attributes": [{"key": "service.name", "value": {"stringValue": "card-fraud"}}]
            },
            "scopeSpans": [
                {"scope": {}, "spans": [span(1, **CALL), span(2, **CALL), span(3, **AGENT)]},
                {"scope": {}, "spans": [span(4, **{"http.method": "POST"})]},
            ],
        }
    ]
}
SPANS = (
    "select prediction_id, predicted_at, model_version, decision, latency_ms, input_tokens, "
    "output_tokens, cached_tokens, status from predictions order by row_no"
)


def test_evaluations_are_outcomes_of_the_calls_they_speak_of(
    make: Callable[..., Company],
) -> None:
    """Of four records one is not an evaluation, and one evaluator failed."""

    def record(number: int, **attributes: Any) -> dict[str, Any]:
        one = span(number, **attributes)
        return {key: one[key] for key in ("traceId", "spanId", "attributes")} | {
            "timeUnixNano": "1759654800000000000",
            "eventName": "gen_ai.evaluation.result",
        }

    judged = {"gen_ai.evaluation.name": "resolved", "gen_ai.evaluation.score.value": "0.9"}
    said = judged | {"gen_ai.evaluation.score.label": "pass"}
    secret = {"gen_ai.evaluation.explanation": SECRET}
    records = [
        record(1, **said, **secret),
        record(2, **judged),
        record(3, **said, **{"error.type": "timeout"}),
        record(4, **{"event.name": "other"}),
    ]
    source = {"dataset": "outcomes", "path": "inbox/*", "format": "otel_evaluations"}
    company = make(source)
    logs = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": records}]}]}
    flat = {
        **{"trace_id": "0xab", "span_id": "0xcd", "timestamp": "2025-10-05T09:00:00Z"},
        "attributes": judged | {"gen_ai.evaluation.name": "helpful"},
    }
    company.put("inbox/otlp.jsonl", lines_of(logs))
    company.put("inbox/rows.jsonl", lines_of(flat))
    assert company.ingest("outcomes").refused == ()
    at = datetime(2025, 10, 5, 9)
    trace = "5b8efff798038103d269b633813fc60c/eee19b7ec3c1b17"
    assert company.rows(
        "select prediction_id, observed_at, outcome, outcome_type, quantity "
        "from outcomes order by prediction_id"
    ) == [
        (f"{trace}1", at, "pass", "resolved", Decimal("0.9")),
        (f"{trace}2", at, "0.9", "resolved", Decimal("0.9")),
        ("ab/cd", at, "0.9", "helpful", Decimal("0.9")),
    ]


def test_otlp_lines_give_one_prediction_a_call(make: Callable[..., Company]) -> None:
    columns = {"system_id": "service.name", "decision": "app.decision"}
    company = make(log_source("otel_genai", **columns))
    company.put("inbox/traces.jsonl", lines_of(OTLP))
    (receipt,) = company.ingest("predictions").receipts
    assert (receipt.rows_read, receipt.rows_accepted) == (2, 2)
    assert receipt.notes == {"events": 1, "events_passed_over": 2}
    at = datetime(2025, 10, 5, 8, 0, 0, 123456)
    trace = "5b8efff798038103d269b633813fc60c/eee19b7ec3c1b17"
    assert company.rows(SPANS) == [
        (f"{trace}1", at, "m-2026-09", "answered", 1250.0, 20, 30, 100, "ok"),
        (f"{trace}2", at, "m-2026-09", "answered", 1250.0, 20, 30, 100, "error"),
    ]
    assert company.rows("select distinct system_id from predictions") == [("card-fraud",)]


FLAT = [
    {  # one row a span as a column store has it: times without a zone, duration in nanoseconds
        "TraceId": "a",
        "SpanId": "1",
        "Timestamp": "2025-10-05 08:00:00.123456789",
        "Duration": 1_250_000_000,
        "StatusCode": "STATUS_CODE_ERROR",
        "ServiceName": "card-fraud",
        "SpanAttributes": CALL | {"gen_ai.usage.input_tokens": "120"},
    },
    {  # as the SDK's console exporter has it
        "name": "chat m",
        "context": {"trace_id": "0xa", "span_id": "0x1"},
        "start_time": "2025-10-05T08:00:00.123456Z",
        "end_time": "2025-10-05T08:00:01.373456Z",
        "status": {"status_code": "ERROR"},
        "attributes": CALL,
        "resource": {"attributes": {"service.name": "card-fraud"}},
    },
    {  # attributes in columns of their own
        "trace_id": "a",
        "span_id": "1",
        "start_time_unix_nano": 1759651200123456789,
        "end_time_unix_nano": 1759651201373456789,
        "status_code": 2,
        "service.name": "card-fraud",
        **CALL,
    },
]


@pytest.mark.parametrize("row", FLAT, ids=["column store", "console", "columns"])
def test_flattened_spans_are_the_same_prediction(
    make: Callable[..., Company], row: dict[str, Any]
) -> None:
    columns = {"system_id": "service.name", "decision": "app.decision"}
    company = make(log_source("otel_genai", **columns))
    company.put("inbox/spans.jsonl", lines_of(row))
    assert company.ingest("predictions").refused == ()
    at = datetime(2025, 10, 5, 8, 0, 0, 123456)
    expected = ("a/1", at, "m-2026-09", "answered", 1250.0, 20, 30, 100, "error")
    assert company.rows(SPANS) == [expected]


def inference(number: int, **other: Any) -> dict[str, Any]:
    return {
        "databricks_request_id": f"r{number}",
        "client_request_id": f"order-{number}",
        "timestamp_ms": 1759651200123,
        "status_code": 200,
        "execution_time_ms": 12,
        "sampling_fraction": 0.25,
        "request_metadata": {"model_name": "fraud", "model_version": "7"},
        "request": json.dumps({"messages": SECRET}),
        "requester": "alice@example.com",
        **other,
    }


def test_a_batch_of_a_databricks_table_expands_and_weighs(make: Callable[..., Company]) -> None:
    company = make(log_source("databricks_inference"))
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": None}
    company.put(
        "inbox/a.jsonl",
        lines_of(
            inference(1, response=json.dumps({"predictions": [1, 0, 1]})),
            inference(2, response=json.dumps({"choices": [{"text": SECRET}], "usage": usage})),
            inference(3, status_code=500, response=json.dumps({"error": SECRET})),
            inference(4, response={"predictions": [0.75]}, sampling_fraction=1),
        ),
    )
    (receipt,) = company.ingest("predictions").receipts
    assert (receipt.rows_read, receipt.notes["events"]) == (6, 4)
    found = company.rows(
        "select prediction_id, predicted_label, score, input_tokens, weight, status, latency_ms, "
        "model_version from predictions order by row_no"
    )
    four = Decimal(4)
    assert found == [
        ("r1/0", "1", None, None, four, "ok", 12, "7"),
        ("r1/1", "0", None, None, four, "ok", 12, "7"),
        ("r1/2", "1", None, None, four, "ok", 12, "7"),
        ("r2", None, None, 9, four, "ok", 12, "7"),
        ("r3", None, None, None, four, "error", 12, "7"),
        ("r4", None, 0.75, None, Decimal(1), "ok", 12, "7"),
    ]


def test_the_newer_databricks_table_in_parquet(make: Callable[..., Company]) -> None:
    company = make(log_source("databricks_inference", prediction_id="client_request_id"))
    file = company.put("inbox/a.parquet", "")
    company.con.execute(
        f"""copy (select 'r1' as databricks_request_id, 'order-1' as client_request_id,
            timestamptz '2025-10-05 08:00:00.5+00' as request_time, 200 as status_code,
            1.0::double as sampling_fraction, 7::bigint as execution_duration_ms,
            'entity-3' as served_entity_id, {{'predictions': [[0.5], [0.75]]}} as response
        ) to '{file}' (format parquet)"""
    )
    assert company.ingest("predictions").refused == ()
    found = company.rows("select * exclude (delivery_id) from predictions order by row_no")
    names = [row[0] for row in company.rows("describe predictions") if row[0] != "delivery_id"]
    first, second = (dict(zip(names, row, strict=True)) for row in found)
    assert (first["prediction_id"], second["prediction_id"]) == ("order-1/0", "order-1/1")
    assert first["predicted_at"] == datetime(2025, 10, 5, 8, 0, 0, 500_000)
    assert (first["score"], second["score"]) == (0.5, 0.75)
    assert (first["model_version"], first["weight"]) == ("entity-3", 1)


def captured(identity: str, asked: str, answered: str, **other: Any) -> dict[str, Any]:
    encoding = other.pop("encoding", "CSV")
    return {
        "captureData": {
            "endpointInput": {"mode": "INPUT", "data": asked, "encoding": "CSV"},
            "endpointOutput": {"mode": "OUTPUT", "data": answered, "encoding": encoding},
        },
        "eventMetadata": {"eventId": identity, "inferenceTime": "2025-10-05T08:00:00Z", **other},
        "eventVersion": "0",
    }


def test_a_sagemaker_batch_is_told_by_its_input(make: Callable[..., Company]) -> None:
    company = make(log_source("sagemaker_capture", weight="=20"))
    packed = base64.b64encode(b"0.5\n0.25\n").decode()
    company.put(
        "inbox/a.jsonl",
        lines_of(
            captured("one", "1,2,3", "0.0254"),
            captured("commas", "1,2\n3,4\n", "0.1,0.9"),
            captured("json", "1,2", '{"predictions": [1], "probabilities": [0.85]}'),
            captured("base", "1,2\n3,4\n", packed, encoding="BASE64"),
            captured("event", "1,2", "0.5", inferenceId="order-7"),
            captured("wide", "1,2", "0.1,0.2,0.7"),
        ),
    )
    (receipt,) = company.ingest("predictions").receipts
    assert (receipt.rows_read, receipt.notes["events"]) == (8, 6)
    found = company.rows("select prediction_id, predicted_label, score from predictions")
    assert found == [
        ("one", None, 0.0254),
        ("commas/0", None, 0.1),
        ("commas/1", None, 0.9),
        ("json", "1", None),
        ("base/0", None, 0.5),
        ("base/1", None, 0.25),
        ("order-7", None, 0.5),
        ("wide", None, None),
    ]
    assert company.rows("select distinct weight, model_version from predictions") == [(20, "v1")]


def event(
    side: str, identity: str, data: Any, at: str = "08:00:00Z", **other: str
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": f"org.kubeflow.serving.inference.{side}",
        "id": identity,
        "time": f"2025-10-05T{at}",
        "inferenceservicename": "iris-v3",
        "data": data,
        **other,
    }


def test_kserve_requests_and_responses_are_one(make: Callable[..., Company]) -> None:
    company = make(log_source("kserve_events"))
    two = {"instances": [[SECRET], [SECRET]]}
    outputs = [{"name": "o", "datatype": "FP64", "shape": [2], "data": [0.5, 0.75]}]
    company.put(
        "inbox/a.jsonl",
        lines_of(
            event("request", "a", two, "08:00:00.501752983Z"),
            event("response", "b", {"model_version": "9", "outputs": outputs}, "08:00:01Z"),
            event("request", "waits", two),
            event("response", "a", {"predictions": [1, 0]}, "08:00:00.505997782Z"),
            event("request", "b", {"inputs": []}, "08:00:00.900Z"),
            event("request", "a", two),
        ),
    )
    (receipt,) = company.ingest("predictions").receipts
    assert (receipt.rows_read, receipt.rows_accepted, receipt.notes["events"]) == (6, 6, 6)
    found = company.rows(
        "select prediction_id, model_version, predicted_label, score, latency_ms, status "
        "from predictions order by row_no"
    )
    assert found == [
        ("a/0", "iris-v3", "1", None, 4.245, "ok"),
        ("a/1", "iris-v3", "0", None, 4.245, "ok"),
        ("b/0", "9", None, 0.5, 100.0, "ok"),
        ("b/1", "9", None, 0.75, 100.0, "ok"),
        ("waits/0", "iris-v3", None, None, None, "pending"),
        ("waits/1", "iris-v3", None, None, None, "pending"),
    ]


def call(number: int, **other: Any) -> dict[str, Any]:
    return {
        "request_id": f"chatcmpl-{number}",
        "startTime": "2025-10-05 08:00:00.123",
        "endTime": "2025-10-05 08:00:01.373",
        "model": "gpt-x",
        "prompt_tokens": 120,
        "completion_tokens": 30,
        "spend": 0.1,
        "cache_hit": "False",
        "end_user": "alice@example.com",
        "messages": SECRET,
        **other,
    }


def test_litellm_spend_is_added_up_and_never_booked(make: Callable[..., Company]) -> None:
    company = make(log_source("litellm_spend"))
    rows = [call(1), call(2, cache_hit="True", spend=0.2), call(3, status="failure", spend=3e-05)]
    company.put("inbox/a.jsonl", lines_of(*rows))
    (receipt,) = company.ingest("predictions").receipts
    october = {"month": "2025-10-01", "provider": "unnamed", "amount": "0.30003", "calls": 3}
    assert receipt.notes == {"events": 3, "sum_of_spend": "0.30003", "spend": [october]}
    assert receipt.money_total is None
    found = company.rows(
        "select prediction_id, predicted_at, latency_ms, input_tokens, cached_tokens, status, "
        "entity_id from predictions"
    )
    at = datetime(2025, 10, 5, 8, 0, 0, 123_000)
    assert found == [
        ("chatcmpl-1", at, 1250.0, 120, None, "ok", None),
        ("chatcmpl-2", at, 1250.0, 0, 120, "ok", None),
        ("chatcmpl-3", at, 1250.0, 120, None, "error", None),
    ]


def test_a_csv_dump_of_spend_logs_is_the_same(make: Callable[..., Company]) -> None:
    company = make(log_source("litellm_spend"), max_quarantined_share=0.5)
    header = ",".join(call(1))
    rows = [",".join(map(str, call(i).values())) for i in (1, 2)]
    company.put("inbox/a.csv", "\n".join([header, rows[0], "half,a,row", rows[1]]) + "\n")
    (receipt,) = company.ingest("predictions").receipts
    assert (receipt.rows_read, receipt.rows_accepted, receipt.notes["events"]) == (3, 2, 3)
    assert company.rows("select row_no from predictions order by 1") == [(1,), (3,)]
    assert company.rows("select row_no, reason from quarantine") == [(2, "too few columns")]


def test_people_are_hashed_where_mapped_and_payloads_are_kept_nowhere(
    make: Callable[..., Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PII_KEY, "k")
    company = make(log_source("litellm_spend", entity_id="end_user"))
    company.put("inbox/a.jsonl", lines_of(*(call(i) for i in range(3))))
    company.ingest("predictions")
    (entity,) = {row[0] for row in company.rows("select entity_id from predictions")}
    assert len(entity) == 64
    for name, body in {
        "otel_genai": OTLP,
        "databricks_inference": inference(1, response={"predictions": [SECRET]}),
        "kserve_events": event("request", "a", {"instances": [SECRET]}),
        "sagemaker_capture": captured("a", SECRET, SECRET),
    }.items():
        other = make(log_source(name))
        other.put("inbox/a.jsonl", lines_of(body))
        assert other.ingest("predictions").receipts[0].rows_accepted > 0, name
        other.con.execute("checkpoint")
        for file in other.portfolio.state.rglob("*"):
            assert not file.is_file() or b"4111" not in file.read_bytes(), (name, file)


def test_a_payload_cannot_be_mapped(make: Callable[..., Company]) -> None:
    company = make(log_source("litellm_spend", predicted_label="messages"))
    company.put("inbox/a.jsonl", lines_of(call(1)))
    with pytest.raises(ConfigurationError, match="messages holds what people wrote"):
        company.ingest("predictions")


def test_what_no_log_says_must_be_said(make: Callable[..., Company]) -> None:
    company = make({"dataset": "predictions", "path": "inbox/*", "format": "litellm_spend"})
    company.put("inbox/a.jsonl", lines_of(call(1)))
    with pytest.raises(ConfigurationError, match="system_id, decision: no LiteLLM spend logs says"):
        company.ingest("predictions")


def test_a_file_of_another_shape_speaks(make: Callable[..., Company]) -> None:
    company = make(log_source("sagemaker_capture"))
    company.put("inbox/a.jsonl", lines_of(call(1)))
    reason = company.ingest("predictions").refused[0].reason
    assert "a.jsonl: is not in SageMaker data capture" in reason
    assert "looks like LiteLLM spend logs: format litellm_spend" in reason


def test_faulty_events_are_counted_exactly(make: Callable[..., Company]) -> None:
    company = make(log_source("databricks_inference"), max_quarantined_share=0.9)
    good = inference(1, response={"predictions": [1, 0]})
    body = lines_of(good) + "{broken\n" + lines_of(
        inference(2, sampling_fraction=0), inference(3, timestamp_ms="soon"), {"other": 1}
    )  # fmt: skip
    company.put("inbox/a.jsonl", body)
    (receipt,) = company.ingest("predictions").receipts
    assert (receipt.rows_read, receipt.rows_accepted, receipt.rows_quarantined) == (6, 2, 4)
    assert company.rows("select row_no, reason from quarantine order by 1") == [
        (3, "not JSON"),
        (4, "bad weight"),
        (5, "bad predicted_at"),
        (6, "missing prediction_id"),
    ]


def test_the_same_bytes_and_a_manifest_of_events(make: Callable[..., Company]) -> None:
    company = make(log_source("databricks_inference"))
    body = lines_of(inference(1, response={"predictions": [1, 0]}))
    company.put("inbox/a.jsonl", body)
    company.put("inbox/a.jsonl.manifest.json", '{"rows": 1}')
    assert company.ingest("predictions").receipts[0].rows_accepted == 2
    company.put("inbox/b.jsonl", body)
    assert company.ingest("predictions").receipts == ()
    company.put("inbox/c.jsonl", lines_of(inference(5)))
    company.put("inbox/c.jsonl.manifest.json", '{"rows": 2}')
    assert "manifest says rows 2" in company.ingest("predictions").refused[0].reason


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_a_shape_gives_columns_of_the_contract(shape: Any) -> None:
    is_outcomes = shape.format in formats_of("outcomes")
    contract = CONTRACTS["outcomes" if is_outcomes else "predictions"]
    assert set(shape.gives) <= set(contract.names)
    assert {"prediction_id", contract.time} <= set(shape.gives)
    assert not [
        other for other in SHAPES.values() if other is not shape and other.format == shape.format
    ]


# Published samples


def test_published_sagemaker_lines_load(shared: Path, make: Callable[..., Company]) -> None:
    company = make(log_source("sagemaker_capture"))
    sample = shared / "data/llm_logs/payload_samples/sagemaker_data_capture.jsonl"
    company.put("inbox/a.jsonl", sample.read_bytes())
    company.ingest("predictions")
    assert company.rows("select predicted_label, score from predictions order by row_no") == [
        (None, 30.4133586884),
        (None, 0.0254181120544672),
        ("1", None),
    ]


def test_published_kserve_events_load(shared: Path, make: Callable[..., Company]) -> None:
    sample = shared / "data/llm_logs/payload_samples/kserve_cloudevents.txt"
    heads, bodies = (sample.read_text().splitlines()[start::2] for start in (1, 2))
    events = [
        dict(pair.split(": ", 1) for pair in head.split("  ") if pair) | {"data": json.loads(body)}
        for head, body in zip(heads, bodies, strict=True)
    ]
    events = [
        {key.strip(): value for key, value in record.items()}
        | dict([part.split(": ", 1) for part in record["type"].split("   ")[1:]])
        | {"type": record["type"].split("   ")[0]}
        for record in events
    ]
    company = make(log_source("kserve_events"))
    company.put("inbox/a.jsonl", lines_of(*events))
    assert company.ingest("predictions").receipts[0].rows_accepted == 2
    assert company.rows("select prediction_id, predicted_label, latency_ms from predictions") == [
        ("689b15e7-84a1-4e89-9805-20809efc216d/0", "1", 4.245),
        ("689b15e7-84a1-4e89-9805-20809efc216d/1", "1", 4.245),
    ]


AZURE = {
    "prediction_id": "=file:row",
    "predicted_at": "TIMESTAMP",
    "system_id": "=copilot",
    "model_version": "=2023-11",
    "decision": "=none",
    "input_tokens": "ContextTokens",
    "output_tokens": "GeneratedTokens",
}


def test_azures_traces_load_with_ids_of_their_own(
    shared: Path, make: Callable[..., Company]
) -> None:
    """7-digit fractions, no zone, no id: the id is the file and the row."""
    company = make(
        {"dataset": "predictions", "path": "inbox/*", "columns": AZURE, "time_zone": "UTC"}
    )
    for name in ("code", "conv"):
        trace = shared / f"data/llm_logs/AzureLLMInferenceTrace_{name}.csv"
        company.put(f"inbox/{name}.csv", trace.read_bytes())  # without a last line end
        said = {"sha256": sha256(trace.read_bytes()).hexdigest()}
        company.put(f"inbox/{name}.csv.manifest.json", json.dumps(said))
    assert company.ingest("predictions").refused == ()
    counted = "select count(*), count(distinct prediction_id), sum(input_tokens) from predictions"
    rows = [
        line.split(",")
        for name in ("code", "conv")
        for line in (shared / f"data/llm_logs/AzureLLMInferenceTrace_{name}.csv")
        .read_text()
        .splitlines()[1:]
    ]
    assert company.rows(counted) == [(len(rows), len(rows), sum(int(row[1]) for row in rows))]
    first = "select predicted_at from predictions where prediction_id = 'inbox/code.csv:1'"
    assert company.value(first) == datetime(2023, 11, 16, 18, 17, 3, 979_960)


def test_a_row_id_stays_when_a_longer_version_comes(make: Callable[..., Company]) -> None:
    company = make(
        {"dataset": "predictions", "path": "inbox/*", "columns": AZURE, "time_zone": "UTC"}
    )
    row = "2023-11-16 18:17:03.9799600,{},10\n"
    header = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    company.put("inbox/a.csv", header + row.format(1))
    company.ingest("predictions")
    company.put("inbox/a.csv", header + row.format(1) + row.format(2))
    company.ingest("predictions")
    found = company.rows("select distinct prediction_id, input_tokens from predictions order by 1")
    assert found == [("inbox/a.csv:1", 1), ("inbox/a.csv:2", 2)]
