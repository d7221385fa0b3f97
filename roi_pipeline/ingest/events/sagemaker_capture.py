"""SageMaker data capture: one line a call, its payloads as texts inside the line.

What a payload holds is said by its `encoding`: CSV, JSON or BASE64. The prediction is whatever the
container answered, so a batch is told by its input: as many predictions as it had lines or
instances. `inferenceId` is there when the caller sent one, and is then what outcomes name.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Any

from roi_pipeline.ingest.events.shape import (
    Record,
    Row,
    Shape,
    expanded,
    first,
    found,
    parsed,
    results,
    text,
)
from roi_pipeline.ingest.events.tokens import usage


def payload(side: Any) -> Any:
    """What one side of a call carried: JSON, or the lines of a CSV; None where it was not kept.

    >>> payload({"encoding": "CSV", "data": "0.1\\n0.9\\n"})
    ['0.1', '0.9']
    >>> payload({"encoding": "JSON", "data": '{"predictions": [1]}'})
    {'predictions': ['1']}
    >>> payload({"encoding": "BASE64", "data": "MC4x"})
    ['0.1']
    """
    about = found(side)
    data = about.get("data")
    if not isinstance(data, str):
        return data
    if about.get("encoding") == "BASE64":
        try:
            data = base64.b64decode(data, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
    inner = parsed(data)
    if isinstance(inner, dict | list):
        return inner
    return [line for line in data.splitlines() if line.strip()]


def answers(asked: Any, answered: Any) -> list[Any] | None:
    """The results of a call, one an instance; None where it was not a batch of them.

    >>> answers(["1,2", "3,4"], ["0.1,0.9"]), answers(["1,2"], ["0.1,0.9"])
    (['0.1', '0.9'], ['0.1,0.9'])
    >>> answers({"instances": [["1"], ["2"]]}, None), answers(["1,2"], {"choices": []})
    ([None, None], None)
    """
    inputs, outputs = results(asked), results(answered)
    if inputs is not None and outputs is not None and len(outputs) == 1 < len(inputs):
        outputs = [word for word in re.split(r"[,\s]+", text(outputs[0])) if word]
    if inputs is None or (answered is not None and outputs is None):
        return outputs
    return outputs if outputs and len(outputs) == len(inputs) else [None] * len(inputs)


def _rows(records: Iterable[Record]) -> Iterator[Row]:
    for record in records:
        captured, about = found(record.get("captureData")), found(record.get("eventMetadata"))
        asked, answered = (payload(captured.get(f"endpoint{side}")) for side in ("Input", "Output"))
        call = {
            **about,
            "prediction_id": text(first(about, "inferenceId", "eventId")),
            "predicted_at": text(about.get("inferenceTime")),
            **usage(answered),
        }
        yield from expanded(call, answers(asked, answered))


SHAPE = Shape(
    format="sagemaker_capture",
    title="SageMaker data capture",
    signs=(frozenset({"captureData", "eventMetadata"}),),
    gives=(
        *("prediction_id", "predicted_at", "predicted_label", "score"),
        *("input_tokens", "output_tokens", "cached_tokens"),
    ),
    rows=_rows,
    payloads=frozenset({"captureData"}),
)
