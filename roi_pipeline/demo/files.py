"""Files that are the same to the byte for the same seed, and the numbers drawn for them.

Knows bytes, not what they mean. The generator is written out (splitmix64) because the streams of
numerical libraries may change from one version to the next.
"""

import csv
import gzip
import hashlib
import io
import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_GOLDEN = 0x9E3779B97F4A7C15


def uniform(seed: int, stream: str, rows: int) -> Floats:
    """Numbers in [0, 1), the same for the same seed and stream."""
    start = int.from_bytes(hashlib.sha256(f"{seed}/{stream}".encode()).digest()[:8], "big")
    z = np.arange(1, rows + 1, dtype=np.uint64) * np.uint64(_GOLDEN) + np.uint64(start)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def shuffled(seed: int, stream: str, rows: int) -> Ints:
    """The positions 0 to rows-1 in another order."""
    return np.argsort(uniform(seed, stream, rows), kind="stable").astype(np.int64)


def write(file: Path, content: bytes, delivered_at: datetime) -> None:
    """Write a delivery, compressed when its name ends in .gz, dated with the day it came."""
    if file.suffix == ".gz":
        content = _gzip(content)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    date_file(file, delivered_at)


def date_file(file: Path, delivered_at: datetime) -> None:
    """Set the time of the file's last change: the order of versions depends on it."""
    stamp = int(delivered_at.timestamp())
    os.utime(file, (stamp, stamp))


def write_manifest(file: Path, rows: int, total_billed_cost: Decimal, at: datetime) -> None:
    """What the sender says of a file: rows, sha256 of its bytes, total, time of export."""
    told = {
        "rows": rows,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "total_billed_cost": str(total_billed_cost),
        "exported_at": at.isoformat().replace("+00:00", "Z"),
    }
    manifest = file.with_name(f"{file.name}.manifest.json")
    write(manifest, json.dumps(told, indent=2).encode() + b"\n", at)


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV with a header; None is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def instant(day: date, hour: int = 0) -> datetime:
    """That hour of the day, UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def _gzip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=6) as stream:
        stream.write(content)
    return packed.getvalue()
