"""What a delivered file is, judged from its bytes before anything parses it (contracts §3).

Knows bytes: checksums, gzip, UTF-8, line ends, quotes, the header. Knows no contract. Its row
count shares no code with DuckDB, which is what makes `read = accepted + …` worth asserting.
"""

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from roi_pipeline.errors import DataRefused

Kind = Literal["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"]
CHUNK = 1 << 20
MAX_GZ_RATIO = 100
MAX_GZ_FREE = 64 << 20  # below this size a high ratio is a small repetitive file, not a bomb
MAX_RECORD = 2_000_000  # bytes; DuckDB refuses longer lines
MAX_LINE = 8 << 20  # a file without line ends must not fill the memory
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"\n'))
csv.field_size_limit(MAX_RECORD)


@dataclass(frozen=True)
class Inspected:
    """A whole and readable file.

    `text` is where its uncompressed bytes are. `rows` counts records without the header; of
    Parquet and of JSON lines the header is empty, and Parquet's own metadata says its rows.
    """

    kind: Kind
    text: Path
    content_sha256: str
    rows: int = 0
    header: tuple[str, ...] = ()
    is_cut: bool = False


def sha256_of(path: Path) -> str:
    """The checksum of a file's bytes, in hex: its identity."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inspect(path: Path, name: str, file_sha256: str, workspace: Path) -> Inspected:
    """Judge the file at `path`; gzip is unpacked into `workspace`, checked to its last byte.

    Raises DataRefused, naming the file as `name`, for one that is empty, cut, corrupt, an archive,
    a decompression bomb or not UTF-8.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise DataRefused(f"{name}: is empty; expected at least a header; send it again")
    if start == b"PAR1":
        return _parquet(path, name, file_sha256)
    if start[:2] == b"\x1f\x8b":
        return _gzip(path, name, workspace / f"{file_sha256[:32]}.text")
    with path.open("rb") as file:
        return _text(_chunks(file), name, path, file_sha256)


def _parquet(path: Path, name: str, file_sha256: str) -> Inspected:
    with path.open("rb") as file:
        file.seek(-4, io.SEEK_END)
        if file.read() != b"PAR1":
            raise DataRefused(f"{name}: the Parquet footer is missing: cut; send it again")
    return Inspected("parquet", path, file_sha256)


def _gzip(path: Path, name: str, target: Path) -> Inspected:
    try:
        with (
            path.open("rb") as raw,
            gzip.GzipFile(fileobj=raw) as unpacked,
            target.open("wb") as to,
        ):
            return _text(_checked(unpacked, raw, to, name), name, target, None)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DataRefused(f"{name}: the gzip stream is cut or corrupt; send it again") from None


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _checked(unpacked: gzip.GzipFile, raw: BinaryIO, to: BinaryIO, name: str) -> Iterator[bytes]:
    """The unpacked bytes, written to `to` on the way; stops early where they are a bomb."""
    size = 0
    while chunk := unpacked.read(CHUNK):
        size += len(chunk)
        if size > MAX_GZ_FREE and size > MAX_GZ_RATIO * raw.tell():
            raise DataRefused(
                f"{name}: unpacks to more than {MAX_GZ_RATIO} times its size; send it in parts"
            )
        to.write(chunk)
        yield chunk


def _text(chunks: Iterator[bytes], name: str, text: Path, sha256: str | None) -> Inspected:
    """One pass over the bytes: encoding, records and, of what was packed, the checksum."""
    digest, utf8, records, first = hashlib.sha256(), _Utf8(name), _Records(name), b""
    for chunk in chunks:
        if not first:
            _refuse_archive(chunk, name)
        if len(first) < MAX_RECORD:
            first += chunk
        if sha256 is None:
            digest.update(chunk)
        utf8.feed(chunk)
        records.feed(chunk.replace(b'"', b"") if _is_json(first) else chunk)
    utf8.end()
    records.end()
    lines, is_cut, content = records.count, records.is_cut, sha256 or digest.hexdigest()
    if _is_json(first):
        return Inspected("jsonl" if sha256 else "jsonl.gz", text, content, lines, is_cut=is_cut)
    header = _header(first, name)
    return Inspected("csv" if sha256 else "csv.gz", text, content, lines - 1, header, is_cut)


def _is_json(first: bytes) -> bool:
    """JSON lines: a line end is one wherever it stands, quotes mean nothing to the count."""
    return first[:1000].removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[")


def _refuse_archive(first: bytes, name: str) -> None:
    if first[:4] in (b"PAR1", b"PK\x03\x04", b"7z\xbc\xaf") or first[:2] == b"\x1f\x8b":
        raise DataRefused(
            f"{name}: is an archive; expected csv, csv.gz, jsonl, jsonl.gz or parquet; unpack it"
        )


def _header(first: bytes, name: str) -> tuple[str, ...]:
    line = first.split(b"\n", 1)[0]
    if line.count(b"\x00") * 4 > len(line):
        offset = line.index(b"\x00")
        raise DataRefused(
            f"{name}: NUL at byte {offset}: not UTF-8 but UTF-16 or binary; send it as UTF-8"
        )
    try:
        text = first[:MAX_RECORD].decode("utf-8-sig", errors="ignore")
        header = tuple(next(csv.reader(io.StringIO(text, newline=""), strict=True)))
    except (StopIteration, csv.Error):
        header = ()
    if not any(column.strip() for column in header):
        raise DataRefused(f"{name}: the header is empty; expected column names in the first line")
    return header


class _Utf8:
    """Refuses the first byte that is not UTF-8; pure ASCII costs next to nothing."""

    def __init__(self, name: str) -> None:
        self._name, self._offset = name, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, chunk: bytes) -> None:
        if not chunk.isascii() or self._decoder.getstate()[0]:
            self._decode(chunk, final=False)
        self._offset += len(chunk)

    def end(self) -> None:
        self._decode(b"", final=True)

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        waiting = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise DataRefused(
                f"{self._name}: byte {self._offset - waiting + error.start} is not UTF-8; "
                "send the file as UTF-8"
            ) from None


class _Records:
    """Counts records: line ends outside quotes, blank lines not, by bulk byte operations."""

    def __init__(self, name: str) -> None:
        self._name, self._rest, self._inside = name, b"", False
        self.count, self.is_cut = 0, False

    def feed(self, chunk: bytes) -> None:
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._rest += chunk
            if len(self._rest) > MAX_LINE:
                raise DataRefused(f"{self._name}: no line end in {MAX_LINE} bytes; send it again")
            return
        block, self._rest = self._rest + chunk[:end], chunk[end:]
        self._counter(block)(block)

    def end(self) -> None:
        """What follows the last line end is a record too, and a sign that the file was cut."""
        self.is_cut = bool(self._rest)
        self._lines(self._rest + b"\n" if self._rest else b"")

    def _counter(self, block: bytes) -> Callable[[bytes], None]:
        if block[:1] == b"\n" or block[:2] == b"\r\n" or b"\n\n" in block or b"\n\r\n" in block:
            return self._lines
        return self._quoted if b'"' in block or self._inside else self._plain

    def _plain(self, block: bytes) -> None:
        self.count += block.count(b"\n")

    def _quoted(self, block: bytes) -> None:
        """Only quotes and line ends matter, and an even run of quotes matters not."""
        for part in block.translate(None, _NOT_STRUCTURE).replace(b'""', b"").split(b'"'):
            self.count += 0 if self._inside else len(part)
            self._inside = not self._inside
        self._inside = not self._inside  # one part more than there are quotes

    def _lines(self, block: bytes) -> None:
        for line in block.split(b"\n")[:-1]:
            is_blank = not self._inside and line in (b"", b"\r")
            self._inside ^= bool(line.count(b'"') % 2)
            self.count += not self._inside and not is_blank
