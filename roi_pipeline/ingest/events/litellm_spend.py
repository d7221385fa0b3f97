"""LiteLLM's spend logs: one row a call through the proxy (`LiteLLM_SpendLogs`, or /spend/logs).

`spend` is an estimate in dollars, and the provider's bill holds the same dollars: it is never a
cost. Every file's receipt adds it up by month and provider (`custom_llm_provider`, or the name
before the slash of `model`), and `spend_estimate_monthly` compares that with the bills that the
source names, as a source of bills or one service of it: `billed_by: {openai: openai-bill, bedrock:
aws/Amazon Bedrock}`. Calls that two files hold are estimated twice. `prompt_tokens` counts what
was read from the provider's cache (`metadata`), which is subtracted; a call with more cached than
prompt tokens is quarantined. A hit in the proxy's cache is a call whose input was all cached.
"""

import re
from collections.abc import Iterable, Iterator

from roi_pipeline.ingest.events.shape import Record, Row, Shape, first, found, milliseconds, text
from roi_pipeline.ingest.events.tokens import cached_of, without_cached

UNNAMED = "unnamed"  # a provider that the log does not tell, or not in a word that can be published


def _rows(records: Iterable[Record]) -> Iterator[Row]:
    for record in records:
        start, end = text(record.get("startTime")), text(record.get("endTime"))
        tokens = text(record.get("prompt_tokens"))
        is_hit = text(record.get("cache_hit")).lower() == "true"
        state = text(record.get("status") or found(record.get("metadata")).get("status"))
        yield {
            **record,
            "prediction_id": text(record.get("request_id")),
            "predicted_at": start,
            "model_version": text(first(record, "model", "model_group")),
            "latency_ms": milliseconds(start, end),
            **without_cached(tokens, tokens if is_hit else _cached(record)),
            "output_tokens": text(record.get("completion_tokens")),
            "status": "error" if state.lower() in ("failure", "error") else "ok",
        }


def _cached(record: Record) -> str:
    """What the provider read from its cache, as the metadata repeat the provider's usage."""
    about = found(record.get("metadata"))
    usages = (found(about.get(key)) for key in ("usage_object", "additional_usage_values"))
    return next(filter(None, map(cached_of, usages)), "")


def _spend(row: Row) -> tuple[str, str]:
    before, slash, _ = text(row.get("model")).partition("/")
    provider = (text(row.get("custom_llm_provider")) or (before if slash else "")).lower()
    is_word = re.fullmatch(r"[a-z][a-z0-9_.-]{0,62}", provider)
    return (provider if is_word else UNNAMED), text(row.get("spend"))


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
    spend=_spend,
)
