"""The slow path for text that DuckDB's strict reader rejects: one line at a time, in Python.

Sets malformed records aside with their number and reason, and writes the good ones as a CSV that
cannot be misread: row number first, every field quoted. Knows text; knows no contract.
"""

import codecs
import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.files import MAX_RECORD

_MAX_KEYS = 5_000  # columns of one file
_MAX_LINES = 10_000  # of one record: more is a quote that was never closed


@dataclass(frozen=True)
class Rescued:
    """The readable records of a file as a CSV behind their row numbers; `seen` are the keys that
    JSON lines had (None: a CSV, whose header says it)."""

    path: Path
    rows: int
    malformed: tuple[tuple[int, str], ...]
    seen: frozenset[str] | None = None


def csv_records(path: Path, name: str, width: int, target: Path) -> Rescued:
    """Sort the records of a CSV file, header skipped, into readable and malformed.

    Raises DataRefused where a quote is never closed: what follows it cannot be told apart.
    """
    return _sort(csv_fields(path, name, width), target)


def csv_fields(path: Path, name: str, width: int) -> Iterator[tuple[list[str] | None, str]]:
    """The fields of every record of a CSV file behind its header, or None and what is wrong."""
    # newline="\n": a lone carriage return inside a field is a fault, not a second record.
    with path.open(encoding="utf-8-sig", newline="\n") as text:
        reader = csv.reader(text, strict=True)
        next(reader)
        yield from _each_record(reader, width, name)


def _each_record(reader: Any, width: int, name: str) -> Iterator[tuple[list[str] | None, str]]:
    while True:
        before = reader.line_num
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error) or reader.line_num - before > _MAX_LINES:
                raise DataRefused(
                    f"{name}: the quote opened on line {before + 1} is never closed; send it again"
                ) from None
            yield None, "too long" if "field limit" in str(error) else "broken quotes"
            continue
        if fields:
            yield _fitting(fields, width)


def _fitting(fields: list[str], width: int) -> tuple[list[str] | None, str]:
    if len(fields) != width:
        return None, "too few columns" if len(fields) < width else "too many columns"
    if sum(map(len, fields)) * 4 > MAX_RECORD and len("".join(fields).encode()) > MAX_RECORD:
        return None, "too long"
    return fields, ""


def json_records(path: Path, columns: tuple[str, ...], target: Path) -> Rescued:
    """Sort JSON lines into readable and malformed; numbers keep every digit they were written with.

    Only the named `columns` are read. Null and absent are both empty; true and false are words.
    """
    seen: set[str] = set()

    def judged() -> Iterator[tuple[list[str] | None, str]]:
        for found, reason in json_objects(path):
            seen.update(found or ())
            words = None if found is None else [_word(found.get(column)) for column in columns]
            yield words, reason

    return replace(_sort(judged(), target), seen=frozenset(seen))


def json_keys(path: Path, name: str) -> tuple[str, ...]:
    """Every key that the objects of JSON lines have, in order of appearance.

    Raises DataRefused where there are so many that they must be data.
    """
    keys: dict[str, None] = {}
    for found, _ in json_objects(path):
        keys |= dict.fromkeys(found or ())
        if len(keys) > _MAX_KEYS:
            raise DataRefused(f"{name}: has more than {_MAX_KEYS} different keys: they are data")
    return tuple(keys)


def json_objects(
    path: Path, longest: int = MAX_RECORD
) -> Iterator[tuple[dict[str, Any] | None, str]]:
    """The object on every line, its numbers as text, or None and what is wrong with the line."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            stripped = line.removeprefix(codecs.BOM_UTF8) if number == 0 else line
            if stripped.strip(b"\r\n"):
                yield _json_object(stripped, longest)


def _json_object(line: bytes, longest: int) -> tuple[dict[str, Any] | None, str]:
    if len(line) > longest:
        return None, "too long"
    try:
        found = _READ(line.decode())
    except (ValueError, RecursionError):
        return None, "not JSON"
    if not isinstance(found, dict):
        return None, "not a JSON object"
    if b"\\u" in line and not _is_unicode(found):
        return None, "not valid Unicode"
    return found, ""


def _is_unicode(found: dict[str, Any]) -> bool:
    """Whether every escape of a record is a character: half of a surrogate pair is none."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


_READ = json.JSONDecoder(parse_float=str, parse_int=str, object_pairs_hook=_pairs).decode


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value)


def _sort(judged: Iterable[tuple[list[str] | None, str]], target: Path) -> Rescued:
    malformed: list[tuple[int, str]] = []
    row_no = 0
    with target.open("w", encoding="utf-8", newline="") as good:
        writer = csv.writer(good, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row_no, (fields, reason) in enumerate(judged, 1):
            if fields is None:
                malformed.append((row_no, reason))
            else:
                writer.writerow([row_no, *fields])
    return Rescued(target, row_no, tuple(malformed))
