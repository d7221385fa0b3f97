"""A token of a call is counted once: input_tokens has none that were read from a cache."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from company import Company

Record = dict[str, Any]
OPENAI = {"prompt_tokens": 1000, "completion_tokens": 100}
RESPONSES = {"input_tokens": 1000, "output_tokens": 100}
CLAUDE = {"input_tokens": 60, "output_tokens": 100}
CONVENTIONS = {  # how a payload states 100 uncached, 900 cached and 100 output tokens
    "chat": OPENAI | {"prompt_tokens_details": {"cached_tokens": 900}},
    "chat, cache read": OPENAI
    | {"cache_read_input_tokens": 900, "cache_creation_input_tokens": 40},
    "chat, cache hit": OPENAI | {"prompt_cache_hit_tokens": 900, "prompt_cache_miss_tokens": 100},
    "responses": RESPONSES | {"input_tokens_details": {"cached_tokens": 900}},
    "messages": CLAUDE | {"cache_read_input_tokens": 900, "cache_creation_input_tokens": 40},
    "messages, read only": CLAUDE | {"input_tokens": 100, "cache_read_input_tokens": 900},
}
UNCACHED = {
    "chat": OPENAI | {"prompt_tokens_details": {"cached_tokens": 0}},
    "chat, no details": OPENAI | {"prompt_tokens_details": None},
    "messages": RESPONSES | {"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
}
TOO_MANY = {
    "chat": OPENAI | {"prompt_tokens_details": {"cached_tokens": 1001}},
    "responses": RESPONSES | {"input_tokens_details": {"cached_tokens": 2000}},
}
COUNTED = (
    "select input_tokens, coalesce(cached_tokens, 0), output_tokens, "
    "input_tokens + coalesce(cached_tokens, 0) + output_tokens from predictions"
)
REASON = "cached_tokens above input_tokens that include them"


def databricks(number: int, usage: Record) -> list[Record]:
    return [
        {
            "databricks_request_id": f"r{number}",
            "timestamp_ms": 1759651200000,
            "status_code": 200,
            "execution_time_ms": 12,
            "request_metadata": {"model_version": "7"},
            "response": json.dumps({"choices": [], "usage": usage}),
        }
    ]


def sagemaker(number: int, usage: Record) -> list[Record]:
    answer = {"data": json.dumps({"choices": [], "usage": usage}), "encoding": "JSON"}
    about = {"eventId": f"e{number}", "inferenceTime": "2025-10-05T08:00:00Z"}
    asked = {"data": "{}", "encoding": "JSON"}
    sides = {"endpointInput": asked, "endpointOutput": answer}
    return [{"captureData": sides, "eventMetadata": about, "eventVersion": "0"}]


def kserve(number: int, usage: Record) -> list[Record]:
    event = {"specversion": "1.0", "id": f"k{number}", "inferenceservicename": "desk"}
    said = {"choices": [], "usage": usage}
    kind = "org.kubeflow.serving.inference."
    return [
        event | {"type": f"{kind}request", "time": "2025-10-05T08:00:00Z", "data": {}},
        event | {"type": f"{kind}response", "time": "2025-10-05T08:00:01Z", "data": said},
    ]


PAYLOADS = {
    "databricks_inference": databricks,
    "sagemaker_capture": sagemaker,
    "kserve_events": kserve,
}


def litellm(**other: Any) -> Record:
    return {
        "request_id": "c1",
        "startTime": "2025-10-05 08:00:00.123",
        "endTime": "2025-10-05 08:00:01.373",
        "model": "m",
        "spend": 0.1,
        "cache_hit": "False",
        **OPENAI,
        **other,
    }


def otel(**attributes: Any) -> Record:
    return {
        "trace_id": "ab",
        "span_id": "cd",
        "start_time": "2025-10-05T08:00:00Z",
        "attributes": {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", **attributes},
    }


def loaded(make: Callable[..., Company], form: str, *records: Record) -> Company:
    columns = {"system_id": "=card-fraud", "decision": "=answered", "model_version": "=v1"}
    source = {"dataset": "predictions", "path": "inbox/*", "format": form, "columns": columns}
    company = make(source, max_quarantined_share=0.5)
    company.put("inbox/a.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    assert company.ingest("predictions").refused == ()
    return company


@pytest.mark.parametrize("form", PAYLOADS)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_input_of_a_payload_has_no_cached_tokens(
    make: Callable[..., Company], form: str, convention: str
) -> None:
    company = loaded(make, form, *PAYLOADS[form](1, CONVENTIONS[convention]))
    assert company.rows(COUNTED) == [(100, 900, 100, 1100)]


@pytest.mark.parametrize("form", PAYLOADS)
@pytest.mark.parametrize("convention", UNCACHED)
def test_input_without_cached_tokens_is_as_stated(
    make: Callable[..., Company], form: str, convention: str
) -> None:
    company = loaded(make, form, *PAYLOADS[form](1, UNCACHED[convention]))
    assert company.rows(COUNTED) == [(1000, 0, 100, 1100)]


@pytest.mark.parametrize("form", PAYLOADS)
@pytest.mark.parametrize("convention", TOO_MANY)
def test_more_cached_than_input_tokens_are_quarantined(
    make: Callable[..., Company], form: str, convention: str
) -> None:
    records = PAYLOADS[form](1, TOO_MANY[convention]) + PAYLOADS[form](2, UNCACHED["chat"])
    company = loaded(make, form, *records)
    assert company.rows(COUNTED) == [(1000, 0, 100, 1100)]
    assert company.rows("select reason from quarantine") == [(REASON,)]
    receipt = company.rows("select rows_read, rows_accepted, rows_quarantined from deliveries")
    assert receipt == [(2, 1, 1)]


@pytest.mark.parametrize(
    "cached",
    [
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.input_tokens.cached",
    ],
)
@pytest.mark.parametrize("given", ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"])
def test_input_of_a_span_has_no_cached_tokens(
    make: Callable[..., Company], given: str, cached: str
) -> None:
    tokens = {given: 1000, cached: 900, "gen_ai.usage.output_tokens": 100}
    writes = {"gen_ai.usage.cache_creation.input_tokens": 40}
    company = loaded(make, "otel_genai", otel(**tokens, **writes))
    assert company.rows(COUNTED) == [(100, 900, 100, 1100)]


def test_a_span_with_more_cached_than_input_tokens_is_quarantined(
    make: Callable[..., Company],
) -> None:
    cached = {"gen_ai.usage.input_tokens": 60, "gen_ai.usage.cache_read.input_tokens": 900}
    company = loaded(make, "otel_genai", otel(**cached), otel())
    assert company.rows("select row_no, reason from quarantine") == [(1, REASON)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [("many", "bad input_tokens"), (-5, "negative input_tokens"), (10.5, "bad input_tokens")],
)
def test_tokens_that_are_no_count_keep_their_own_reason(
    make: Callable[..., Company], given: Any, reason: str
) -> None:
    tokens = {"gen_ai.usage.input_tokens": given, "gen_ai.usage.cache_read.input_tokens": 3}
    company = loaded(make, "otel_genai", otel(**tokens), otel())
    assert company.rows("select reason from quarantine") == [(reason,)]


@pytest.mark.parametrize(
    "said",
    [
        {"metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 900}}}},
        {"metadata": json.dumps({"usage_object": {"cache_read_input_tokens": 900}})},
        {"metadata": {"additional_usage_values": {"cache_read_input_tokens": 900}}},
    ],
    ids=["details", "text", "additional"],
)
def test_input_of_a_spend_log_has_no_cached_tokens(
    make: Callable[..., Company], said: Record
) -> None:
    company = loaded(make, "litellm_spend", litellm(**said))
    assert company.rows(COUNTED) == [(100, 900, 100, 1100)]


def test_all_input_of_a_call_answered_by_the_proxy_is_cached(make: Callable[..., Company]) -> None:
    said = {"usage_object": {"prompt_tokens_details": {"cached_tokens": 900}}}
    company = loaded(make, "litellm_spend", litellm(cache_hit="True", metadata=said))
    assert company.rows(COUNTED) == [(0, 1000, 100, 1100)]
