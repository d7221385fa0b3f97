"""OpenTelemetry spans of model calls, by the GenAI semantic conventions.

Two containers: OTLP as JSON lines (the collector's file exporter), and one row a span as exporters
flatten it, its attributes in one map or in columns of their own. A prediction is the span of one
call to a model; spans of agents and tools around it repeat its tokens and are passed over, as are
spans of anything else. The conventions count cached tokens among the input tokens; here they are
subtracted, and a span with more cached than input tokens is quarantined.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from roi_pipeline.ingest.events.shape import (
    Record,
    Row,
    Shape,
    first,
    found,
    instant,
    milliseconds,
    parsed,
    plain,
    text,
)
from roi_pipeline.ingest.events.tokens import without_cached

_CALLS = ("chat", "text_completion", "generate_content", "embeddings", "completion")
_PAYLOADS = frozenset(
    (
        *("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"),
        *("gen_ai.prompt", "gen_ai.completion", "gen_ai.tool.definitions"),
    )
)
_INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
_CACHED = (  # of these input tokens, as the conventions say
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
)
_START = ("starttimeunixnano", "starttime", "timeunixnano", "timestamp")
_END = ("endtimeunixnano", "endtime")
_MAPS = ("resourceattributes", "resource", "spanattributes", "attributes")


def _rows(records: Iterable[Record]) -> Iterator[Row | None]:
    for record in records:
        if "resourceSpans" in record:
            spans = _of_otlp(parsed(record["resourceSpans"]))
        else:
            spans = iter([flat(record)])
        yield from (_prediction(span) if is_call(span) else None for span in spans)


def is_call(span: Row) -> bool:
    """Whether a span is one call to a model, not the agent, tool or request around it.

    >>> is_call({"gen_ai.operation.name": "chat"}), is_call({"gen_ai.request.model": "m"})
    (True, True)
    >>> is_call({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m"}), is_call({})
    (False, False)
    """
    operation = span.get("gen_ai.operation.name")
    return operation in _CALLS if operation else bool(span.get("gen_ai.request.model"))


def _prediction(span: Row) -> Row:
    trace, own = span.get("traceid", ""), span.get("spanid", "")
    start, end = span.get("start", ""), span.get("end", "")
    return {
        **span,
        "prediction_id": f"{trace}/{own}" if trace and own else "",
        "predicted_at": start,
        "model_version": text(first(span, "gen_ai.response.model", "gen_ai.request.model")),
        "latency_ms": span.get("lasted") or milliseconds(start, end),
        **without_cached(text(first(span, *_INPUT)), text(first(span, *_CACHED))),
        "output_tokens": text(
            first(span, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
        ),
        "status": "error" if _failed(span) else "ok",
    }


def _failed(span: Row) -> bool:
    code = span.get("status", "").upper().removeprefix("STATUS_CODE_")
    return code in ("2", "ERROR") or bool(span.get("error.type"))


def _of_otlp(resources: Any) -> Iterator[Row]:
    for resource in resources if isinstance(resources, list) else ():
        shared = attributes(found(found(resource).get("resource")).get("attributes"))
        for scope in found(resource).get("scopeSpans") or ():
            for span in found(scope).get("spans") or ():
                yield {**shared, **flat(span)}


def flat(span: Mapping[str, Any]) -> Row:
    """One span, or record of a log: what names it by any exporter's name, then its attributes
    wherever they stand.

    >>> flat({"trace_id": "0xab", "timestamp": "2026-10-01T00:00:00Z", "attributes": {"a": "b"}})
    {'a': 'b', 'traceid': 'ab', 'spanid': '', 'start': '2026-10-01T00:00:00Z', 'end': '', \
'lasted': '', 'status': ''}
    """
    named = {plain(key): value for key, value in span.items()}
    context = {plain(key): value for key, value in found(named.get("context")).items()}
    maps = [attributes(parsed(named.get(name))) for name in _MAPS]
    own = {key: text(value) for key, value in span.items() if "." in key}
    state = parsed(first(named, "status", "statuscode"))
    code = first(state, "code", "status_code") if isinstance(state, dict) else state
    return {
        **{key: value for each in maps for key, value in each.items()},
        **own,
        **({"service.name": text(named["servicename"])} if "servicename" in named else {}),
        "traceid": _hex(first({**named, **context}, "traceid")),
        "spanid": _hex(first({**named, **context}, "spanid")),
        "start": _moment(first(named, *_START)),
        "end": _moment(first(named, *_END)),
        "lasted": _lasted(first(named, "duration", "durationnano")),
        "status": text(code),
    }


def attributes(given: Any) -> dict[str, str]:
    """Attributes as a flat map, from a map or from OTLP's list of keys and typed values.

    >>> attributes([{"key": "gen_ai.usage.input_tokens", "value": {"intValue": "9"}}])
    {'gen_ai.usage.input_tokens': '9'}
    >>> attributes({"service.name": "desk", "attributes": {"a": "b"}})
    {'service.name': 'desk', 'a': 'b'}
    """
    if isinstance(given, list):
        pairs = {each.get("key"): found(each.get("value")) for each in map(found, given)}
        return {str(key): text(next(iter(value.values()), None)) for key, value in pairs.items()}
    flat = {key: text(value) for key, value in found(given).items() if key != "attributes"}
    return flat | (attributes(given["attributes"]) if "attributes" in found(given) else {})


def _moment(value: Any) -> str:
    word = text(value)
    return instant(word, 10**9) if word.isdecimal() else word


def _lasted(nanoseconds: Any) -> str:
    try:
        return "" if nanoseconds is None else f"{Decimal(text(nanoseconds)) / 1_000_000:f}"
    except InvalidOperation:
        return text(nanoseconds)


def _hex(identity: Any) -> str:
    return text(identity).removeprefix("0x")


SHAPE = Shape(
    format="otel_genai",
    title="OpenTelemetry GenAI spans",
    signs=(
        frozenset({"resourceSpans"}),
        frozenset({"trace_id", "span_id"}),
        frozenset({"context"}),
    ),
    gives=(
        *("prediction_id", "predicted_at", "model_version", "latency_ms"),
        *("input_tokens", "output_tokens", "cached_tokens", "status"),
    ),
    rows=_rows,
    payloads=_PAYLOADS,
)
