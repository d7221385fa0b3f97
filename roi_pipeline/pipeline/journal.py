"""What people decided, one line each: appended, chained by checksums, never changed.

`journal/000001.json`, `journal/000002.json`, … Each names the checksum of the one before, so a line
that is changed, removed or added in between is found when the journal is read. A line is created
exclusively: of two processes that append at once one reads again and takes the next number.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from roi_pipeline import files
from roi_pipeline.errors import RoiError

FIRST = "0" * 64  # what the first line names as its predecessor
CLOSE = "close"


@dataclass(frozen=True)
class Entry:
    """One decision: its number, its kind, who made it and when (UTC), and what it says."""

    number: int
    kind: str
    by: str
    at: str
    body: Mapping[str, Any]
    sha256: str


@dataclass(frozen=True)
class Closing:
    """A closed month: the edition it was closed with, the deliveries active then, and the checksum
    of every file that keeps its rows (closed/<month>/<table>.parquet)."""

    month: date
    edition: str
    closed_by: str
    closed_at: str
    deliveries: tuple[str, ...]
    tables: Mapping[str, str]


@dataclass(frozen=True)
class Journal:
    """The lines in a folder, read and appended to."""

    folder: Path

    def entries(self) -> list[Entry]:
        """All lines, oldest first; RoiError naming the file where the chain is broken."""
        found: list[Entry] = []
        before = FIRST
        for number, file in enumerate(sorted(self.folder.glob("*.json")), start=1):
            text = file.read_text(encoding="utf-8")
            said = _document(file, text)
            if file.stem != f"{number:06d}" or said.get("before") != before:
                raise RoiError(
                    f"{file}: the journal is not as it was written: a line before it was changed "
                    "or removed; restore state/journal from a backup"
                )
            before = sha256(text.encode()).hexdigest()
            found.append(Entry(number, said["kind"], said["by"], said["at"], said["body"], before))
        return found

    def append(self, kind: str, by: str, body: Mapping[str, Any]) -> Entry:
        """Add a line; returns it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            known = self.entries()
            number, at = len(known) + 1, datetime.now(UTC).isoformat(timespec="seconds")
            said = {
                "before": known[-1].sha256 if known else FIRST,
                "kind": kind,
                "by": by,
                "at": at,
                "body": dict(body),
            }
            text = json.dumps(said, indent=1, sort_keys=True) + "\n"
            if files.create_text(self.folder / f"{number:06d}.json", text):
                return Entry(number, kind, by, at, body, sha256(text.encode()).hexdigest())

    def closings(self) -> dict[date, Closing]:
        """Every closed month, oldest first."""
        found: dict[date, Closing] = {}
        for entry in self.entries():
            if entry.kind == CLOSE:
                found |= {closing.month: closing for closing in _closings(entry)}
        return dict(sorted(found.items()))


def _closings(entry: Entry) -> Iterator[Closing]:
    body = entry.body
    for month, tables in body["months"].items():
        yield Closing(
            date.fromisoformat(f"{month}-01"),
            body["edition"],
            entry.by,
            entry.at,
            tuple(body["deliveries"]),
            tables,
        )


def closing_body(
    edition: str, deliveries: Sequence[str], months: Mapping[date, Mapping[str, str]]
) -> dict[str, Any]:
    """What a line about closed months says: `months` gives the checksum of every kept file."""
    return {
        "edition": edition,
        "deliveries": sorted(deliveries),
        "months": {f"{month:%Y-%m}": dict(tables) for month, tables in sorted(months.items())},
    }


def _document(file: Path, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise RoiError(
            f"{file}: not a line of the journal ({error}): restore it from a backup"
        ) from error
    if not isinstance(found, dict):
        raise RoiError(f"{file}: not a line of the journal: restore it from a backup")
    return found
