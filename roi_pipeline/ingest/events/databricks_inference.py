"""Databricks inference tables, old and AI Gateway: one row a call to a serving endpoint.

A batch is one row whose response lists `predictions`. `sampling_fraction` is the share of calls
that was logged, so each stands for 1/fraction calls.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal, DivisionByZero, InvalidOperation

from roi_pipeline.ingest.events.shape import (
    Record,
    Row,
    Shape,
    expanded,
    first,
    found,
    instant,
    parsed,
    results,
    text,
)
from roi_pipeline.ingest.events.tokens import usage


def weight(fraction: str) -> str:
    """How many calls a logged one stands for; what is no share gives what is no weight.

    >>> weight("0.25"), weight(""), weight("0"), weight("1.0")
    ('4', '', '1/0', '1')
    """
    try:
        share = Decimal(fraction) if fraction else None
        return "" if share is None else f"{(1 / share).quantize(Decimal('1e-6')).normalize():f}"
    except (InvalidOperation, DivisionByZero):
        return f"1/{fraction}"


def _rows(records: Iterable[Record]) -> Iterator[Row]:
    for record in records:
        answer, code = parsed(record.get("response")), text(record.get("status_code"))
        call = {
            **record,
            **_call(record),
            "status": "ok" if code in ("", "200") else "error",
            **usage(answer),
        }
        yield from expanded(call, results(answer) if call["status"] == "ok" else None)


def _call(record: Record) -> Row:
    about = found(record.get("request_metadata"))
    at = record.get("timestamp_ms")
    return {
        "prediction_id": text(record.get("databricks_request_id")),
        "predicted_at": text(record.get("request_time")) if at is None else instant(at, 1000),
        "model_version": text(
            first(about, "model_version") or first(record, "served_entity_id", "served_entity_name")
        ),
        "latency_ms": text(first(record, "execution_time_ms", "execution_duration_ms")),
        "weight": weight(text(record.get("sampling_fraction"))),
    }


SHAPE = Shape(
    format="databricks_inference",
    title="Databricks inference tables",
    signs=(
        frozenset({"databricks_request_id", "timestamp_ms"}),
        frozenset({"databricks_request_id", "request_time"}),
    ),
    gives=(
        *("prediction_id", "predicted_at", "model_version", "predicted_label", "score"),
        *("latency_ms", "input_tokens", "output_tokens", "cached_tokens", "weight", "status"),
    ),
    rows=_rows,
    payloads=frozenset({"request", "response", "request_metadata", "logging_error_codes"}),
)
