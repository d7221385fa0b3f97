"""Bills that are answers of an API: pages of buckets of results, as JSON, one page or several.

Knows how a page becomes rows whose numbers keep every digit they were written with. A page that was
cut is no JSON, so a missing line end means nothing here.
"""

import codecs
import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.rescue import Rescued

MAX_BYTES = 64 << 20  # a page is read whole
Row = dict[str, str]


def read(path: Path, name: str, target: Path, result: bytes) -> tuple[Rescued, tuple[str, ...]]:
    """Write one row a result of every page of a file, and say which columns the rows have.

    `result` is a pattern of bytes that every result has once: the count that shares no code with
    the parser. Raises DataRefused for text that is not whole pages.
    """
    if path.stat().st_size > MAX_BYTES:
        raise DataRefused(f"{name}: is larger than {MAX_BYTES >> 20} MB; save one page a file")
    content = path.read_bytes()
    rows = [row for page in pages_of(content, name) for row in rows_of(page)]
    counted = len(re.findall(result, content))
    if counted != len(rows):
        raise DataRefused(
            f"{name}: {counted} results counted, {len(rows)} read; expected the API's answer as it "
            "is: an object with data, each with results"
        )
    header = tuple(dict.fromkeys(key for row in rows for key in row))
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row_no, row in enumerate(rows, 1):
            writer.writerow([row_no, *(row.get(key, "") for key in header)])
    return Rescued(target, len(rows), ()), header


def rows_of(page: Mapping[str, Any]) -> Iterator[Row]:
    """The results of a page, flat, each with the times of its bucket; an empty bucket has none.

    >>> bucket = {"start_time": "0", "results": [{"amount": {"value": "0.06", "currency": "usd"}}]}
    >>> list(rows_of({"data": [bucket, {"start_time": "86400", "results": []}]}))
    [{'start_time': '0', 'amount_value': '0.06', 'amount_currency': 'usd'}]
    """
    for bucket in page["data"]:
        times = {key: value for key, value in bucket.items() if key not in ("object", "results")}
        for result in bucket["results"]:
            yield dict(_flat({**times, **{k: v for k, v in result.items() if k != "object"}}))


def pages_of(content: bytes, name: str) -> Iterator[Mapping[str, Any]]:
    """One page after the other; a list of pages counts as its pages."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str)
    text = content.removeprefix(codecs.BOM_UTF8).decode()
    place = _next(text, 0)
    while place < len(text):
        try:
            found, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            where = f"broken at line {line}" if line else "nested too deeply"
            raise DataRefused(
                f"{name}: is not whole JSON ({where}): cut or corrupt; ask the API again"
            ) from None
        for page in found if isinstance(found, list) else [found]:
            if not _is_page(page):
                raise DataRefused(
                    f"{name}: is no answer of the API: expected an object with data, a list of "
                    "buckets with results; save the answer as it is"
                )
            yield page
        place = _next(text, end)


def _is_page(page: Any) -> bool:
    buckets = page.get("data") if isinstance(page, dict) else None
    return isinstance(buckets, list) and all(
        isinstance(bucket, dict)
        and isinstance(bucket.get("results"), list)
        and all(isinstance(result, dict) for result in bucket["results"])
        for bucket in buckets
    )


def _next(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}_")
        elif value is not None:
            yield f"{before}{key}", value if isinstance(value, str) else json.dumps(value)
