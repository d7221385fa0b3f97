"""KServe's payload logger: a call is two CloudEvents, request and response, with one id.

The events are JSON lines in CloudEvents' structured mode, attributes in any case and with or
without `ce-`. The request says when and how many, the response what; either may be missing from a
file: a request without its response is `pending`, and a later file that brings it replaces it.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from roi_pipeline.ingest.events.shape import (
    Record,
    Row,
    Shape,
    expanded,
    found,
    milliseconds,
    parsed,
    plain,
    results,
    text,
)
from roi_pipeline.ingest.events.tokens import usage


@dataclass
class _Event:
    """What is kept of an event while its other half is awaited: no payload."""

    attributes: dict[str, str]
    batch: list[Any] | None
    said: dict[str, str] = field(default_factory=dict)


def _rows(records: Iterable[Record]) -> Iterator[Row]:
    waiting: dict[tuple[str, str], _Event] = {}
    done: set[str] = set()  # a request sent twice must not put its prediction back to pending
    for record in records:
        side, event = _event(record)
        identity = event.attributes["id"]
        other = waiting.pop((identity, "response" if side == "request" else "request"), None)
        if not identity or not side:
            yield from _predictions(None, event)
        elif other:
            done.add(identity)
            yield from _predictions(*((event, other) if side == "request" else (other, event)))
        elif identity not in done:
            waiting[identity, side] = event
    for (identity, side), event in waiting.items():
        if identity not in done:
            yield from _predictions(event, None) if side == "request" else _predictions(None, event)


def _event(record: Record) -> tuple[str, _Event]:
    attributes = {plain(key): value for key, value in record.items()}
    kind, body = text(attributes.get("type")), _body(attributes)
    side = next((side for side in ("request", "response") if kind.endswith(f".{side}")), "")
    kept = {
        key: text(value) for key, value in attributes.items() if key not in ("data", "database64")
    }
    about = {"modelversion": text(found(body).get("model_version"))} if found(body) else {}
    said = {**usage(body), **about} if side == "response" else {}
    batch = results(body)
    if side == "request" and batch is not None:
        batch = [None] * len(batch)  # what was asked is not kept
    return side, _Event({"id": "", "time": "", **kept}, batch, said)


def _body(attributes: Record) -> Any:
    packed = attributes.get("database64")
    if not isinstance(packed, str):
        return parsed(attributes.get("data"))
    try:
        return parsed(base64.b64decode(packed, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        return None


def _predictions(asked: _Event | None, answered: _Event | None) -> Iterator[Row]:
    known = [event for event in (asked, answered) if event]
    attributes = {key: value for event in known for key, value in event.attributes.items()}
    said = answered.said if answered else {}
    start, end = known[0].attributes["time"], known[-1].attributes["time"]
    call = {
        **attributes,
        "prediction_id": attributes["id"],
        "predicted_at": start,
        "model_version": said.get("modelversion") or attributes.get("inferenceservicename", ""),
        "latency_ms": milliseconds(start, end) if asked and answered else "",
        "status": "ok" if answered else "pending",
        **said,
    }
    yield from expanded(call, _results(asked, answered))


def _results(asked: _Event | None, answered: _Event | None) -> list[Any] | None:
    """As many results as were asked for, also where the answer lists none."""
    if answered and answered.batch:
        return answered.batch
    return asked.batch if asked else None


SHAPE = Shape(
    format="kserve_events",
    title="KServe payload events",
    signs=(
        frozenset({"id", "type", "time", "inferenceservicename"}),
        frozenset({"id", "type", "specversion"}),
    ),
    gives=(
        *("prediction_id", "predicted_at", "model_version", "predicted_label", "score"),
        *("latency_ms", "input_tokens", "output_tokens", "cached_tokens", "status"),
    ),
    rows=_rows,
    payloads=frozenset({"data", "database64"}),
)
