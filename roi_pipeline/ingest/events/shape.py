"""What a format of prediction logs is, and the words its payloads share.

Knows JSON values whose numbers are still text, so that no digit is lost. Reads no file.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

Record = Mapping[str, Any]
Row = Mapping[str, Any]  # values as in the record: what is written of them becomes text

FAULT = "row fault"  # the key of a row that says why the row cannot be used

_WORD = re.compile(r"[\w.:-]{1,64}")
_READ = json.JSONDecoder(parse_int=str, parse_float=str).decode
_EPOCH = datetime(1970, 1, 1)  # of UTC
_LABELS = ("predicted_label", "label", "class", "prediction")
_SCORES = ("score", "probability", "confidence")


@dataclass(frozen=True)
class Shape:
    """One format of prediction logs.

    `signs` are alternatives: the keys a record of this shape has. `gives` are the columns of the
    contract that `rows` fills; further keys of a row are there to be mapped, and a row that is
    None stands for an event that tells of no prediction. `payloads` are keys
    that hold what people wrote or were told: they are never offered. `spend` gives the provider of
    a call and what the log thinks it cost, in dollars: the receipt adds it up, and a bill is
    compared with it.
    """

    format: str
    title: str
    signs: tuple[frozenset[str], ...]
    gives: tuple[str, ...]
    rows: Callable[[Iterable[Record]], Iterator[Row | None]]
    payloads: frozenset[str] = frozenset()
    spend: Callable[[Row], tuple[str, str]] | None = None

    def knows(self, keys: Iterable[str]) -> bool:
        """Whether a record with these keys looks like this shape.

        >>> shape = Shape("x", "X logs", (frozenset({"id"}), frozenset({"a", "b"})), (), iter)
        >>> shape.knows(["b", "a"]), shape.knows(["a"])
        (True, False)
        """
        present = {plain(key) for key in keys}
        return any({plain(key) for key in sign} <= present for sign in self.signs)


def plain(key: str) -> str:
    """A key without the accents of its exporter.

    >>> plain("TraceId"), plain("trace_id"), plain("ce-id")
    ('traceid', 'traceid', 'id')
    """
    return key.lower().removeprefix("ce-").removeprefix("ce_").replace("_", "")


def text(value: Any) -> str:
    """A value as the text of a field; what is absent is empty.

    >>> text(None), text(True), text("1.50"), text(["a"])
    ('', 'true', '1.50', '["a"]')
    """
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def parsed(value: Any) -> Any:
    """JSON out of a text that holds it, numbers still as text; anything else as it is.

    >>> parsed('{"a": 1.50}'), parsed("30.4"), parsed(["b"]), parsed("not {json")
    ({'a': '1.50'}, '30.4', ['b'], 'not {json')
    """
    if not isinstance(value, str) or not value:
        return value
    try:
        return _READ(value)
    except (ValueError, RecursionError):
        return value


def found(value: Any) -> dict[str, Any]:
    """The JSON object that a value is or holds; an empty one where it is none."""
    inner = parsed(value)
    return inner if isinstance(inner, dict) else {}


def instant(count: Any, per_second: int) -> str:
    """ISO time of an epoch count in units of 1/per_second; what is no count stays as it is.

    >>> instant("1700158623979960012", 10**9), instant("1700158623979", 1000)
    ('2023-11-16T18:17:03.979960Z', '2023-11-16T18:17:03.979000Z')
    >>> instant("soon", 1000)
    'soon'
    """
    try:
        micros = int(count) * 1_000_000 // per_second
        moment = _EPOCH + timedelta(microseconds=micros)
        return f"{moment.isoformat(timespec='microseconds')}Z"
    except (ValueError, TypeError, OverflowError):
        return text(count)


def milliseconds(start: str, end: str) -> str:
    """The time between two ISO instants; empty where either cannot be read.

    >>> milliseconds("2023-04-05T07:39:53.501752983Z", "2023-04-05T07:39:53.505997782Z")
    '4.245'
    >>> milliseconds("2023-04-05", "")
    ''
    """
    try:
        lasted = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    except (ValueError, TypeError):
        return ""
    return str(Decimal(lasted // timedelta(microseconds=1)) / 1000)


def results(payload: Any) -> list[Any] | None:
    """The instances of a batch: TensorFlow's `predictions`, the Open Inference Protocol's
    `outputs`, texts as `inputs`, a bare list; None for a payload that speaks of one call.

    >>> results({"predictions": ["1", "0"]}), results({"choices": []})
    (['1', '0'], None)
    >>> results({"outputs": [{"shape": ["2", "1"], "data": ["0.5", "0.75"]}]})
    ['0.5', '0.75']
    >>> results({"inputs": "one text"})
    ['one text']
    """
    if isinstance(payload, list):
        return payload
    if not isinstance(payload, dict):
        return None
    for key in ("predictions", "instances", "dataframe_records"):
        if isinstance(payload.get(key), list):
            return list(payload[key])
    said = payload.get("outputs") or payload.get("inputs")
    if isinstance(said, str):
        return [said]
    if isinstance(said, list) and said:
        return _tensor(said[0]) if isinstance(said[0], dict) else list(said)
    return None


def _tensor(tensor: Record) -> list[Any] | None:
    shape, data = tensor.get("shape"), tensor.get("data")
    try:
        count = int(shape[0]) if shape else 0
    except (ValueError, TypeError):
        return None
    if not count:
        return None
    fits = isinstance(data, list) and len(data) == count
    return list(data) if fits and data else [None] * count


def judged(result: Any) -> dict[str, str]:
    """Label and score of one result, where it says them shortly; free text is left alone.

    >>> judged("1"), judged("0.85"), judged({"label": "fraud", "score": "0.9"})
    ({'predicted_label': '1'}, {'score': '0.85'}, {'predicted_label': 'fraud', 'score': '0.9'})
    >>> judged(["0.5"]), judged(["0.2", "0.8"]), judged("Dear Sir, your card")
    ({'score': '0.5'}, {}, {})
    """
    if isinstance(result, list):
        return judged(result[0]) if len(result) == 1 else {}
    if isinstance(result, dict):
        label = next((text(result[key]) for key in _LABELS if key in result), "")
        score = next((text(result[key]) for key in _SCORES if key in result), "")
        given = {"predicted_label": label if _WORD.fullmatch(label) else "", "score": score}
        return {name: value for name, value in given.items() if value}
    word = text(result).strip()
    if re.fullmatch(r"[+-]?\d*[.eE]\d?[\d.eE+-]*", word):
        return {"score": word}
    return {"predicted_label": word} if _WORD.fullmatch(word) else {}


def first(record: Record, *keys: str) -> Any:
    """The value of the first key that has one."""
    return next((record[key] for key in keys if record.get(key) not in (None, "")), None)


def expanded(call: Row, batch: list[Any] | None) -> Iterator[Row]:
    """One row an instance; where there are several, `instance` says which, from 0.

    >>> [(row["prediction_id"], row["instance"]) for row in expanded(
    ...     {"prediction_id": "a"}, ["1", "0"])]
    [('a', '0'), ('a', '1')]
    >>> list(expanded({"prediction_id": "a"}, ["0.5"]))
    [{'prediction_id': 'a', 'score': '0.5'}]
    """
    if not batch:
        yield call
        return
    for place, result in enumerate(batch):
        which = {"instance": str(place)} if len(batch) > 1 else {}
        yield {**call, **which, **judged(result)}


def identified(row: Row, key: str) -> str:
    """The id of a row, by the key that holds it: of several instances each has its own.

    >>> identified({"order": "7", "instance": "1"}, "order"), identified({"order": "7"}, "order")
    ('7/1', '7')
    """
    identity = text(row.get(key))
    return f"{identity}/{row['instance']}" if identity and "instance" in row else identity
