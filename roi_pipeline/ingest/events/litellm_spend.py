"""LiteLLM's spend logs: one row a call through the proxy (`LiteLLM_SpendLogs`, or /spend/logs).

`spend` is an estimate in floats and no currency, and the provider's bill holds the same dollars:
it is added up in the receipt and never becomes money. A hit in the proxy's cache is a call whose
input tokens were all cached.
"""

from collections.abc import Iterable, Iterator

from roi_pipeline.ingest.events.shape import Record, Row, Shape, first, found, milliseconds, text


def _rows(records: Iterable[Record]) -> Iterator[Row]:
    for record in records:
        start, end = text(record.get("startTime")), text(record.get("endTime"))
        tokens = text(record.get("prompt_tokens"))
        state = text(record.get("status") or found(record.get("metadata")).get("status"))
        yield {
            **record,
            "prediction_id": text(record.get("request_id")),
            "predicted_at": start,
            "model_version": text(first(record, "model", "model_group")),
            "latency_ms": milliseconds(start, end),
            "input_tokens": tokens,
            "output_tokens": text(record.get("completion_tokens")),
            "cached_tokens": tokens if text(record.get("cache_hit")).lower() == "true" else "",
            "status": "error" if state.lower() in ("failure", "error") else "ok",
        }


SHAPE = Shape(
    format="litellm_spend",
    title="LiteLLM spend logs",
    signs=(frozenset({"request_id", "startTime", "prompt_tokens"}),),
    gives=(
        *("prediction_id", "predicted_at", "model_version", "latency_ms"),
        *("input_tokens", "output_tokens", "cached_tokens", "status"),
    ),
    rows=_rows,
    payloads=frozenset({"messages", "response", "proxy_server_request"}),
    sums=("spend",),
)
