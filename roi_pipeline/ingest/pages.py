"""Which files are pages of one answer of an API, and whether all of its pages are there.

A page says that more follow, never which page it is, so the next one is the page whose first bucket
starts where its last one ended. Knows pages and files; stores nothing.
"""

import gzip
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.discovery import Found, fetch
from roi_pipeline.ingest.formats import READERS
from roi_pipeline.ingest.formats.documents import MAX_BYTES, pages_of
from roi_pipeline.portfolio import Portfolio

_TIMES = (("start_time", "end_time"), ("starting_at", "ending_at"))


@dataclass(frozen=True)
class Page:
    """A page of the file at `path`: the instants between which its buckets lie, None without any,
    and whether it says that more pages follow."""

    path: str
    start: float | None
    end: float | None
    has_more: bool

    def is_followed_by(self, other: "Page") -> bool:
        """Whether the other page is the next one of the same answer."""
        return self.has_more and self.end is not None and self.end == other.start


def joined(
    portfolio: Portfolio, files: Sequence[Found], unchanged: Collection[tuple[str, str]]
) -> list[Found]:
    """The same files, in order; those that are pages of one answer are one export, and pages whose
    next page is missing carry that as their fault, and so does the rest of their export.

    Files of sources without new ones (all keys are in `unchanged`) are not opened.
    """
    folders: dict[tuple[str, str], list[Found]] = {}
    for found in files:
        if found.source.format in READERS:
            folder = str(PurePosixPath(found.path).parent)
            folders.setdefault((found.source.id, folder), []).append(found)
    changed = {
        found.key: found
        for here in folders.values()
        if any(found.key not in unchanged for found in here)
        for found in _of_folder(portfolio, here)
    }
    return [changed.get(found.key, found) for found in files]


def _of_folder(portfolio: Portfolio, files: Sequence[Found]) -> Iterator[Found]:
    pages = [page for found in files for page in _pages(portfolio, found)]
    following = {page: [p for p in pages if page.is_followed_by(p)] for page in pages}
    groups = _groups(files, following)
    faults: dict[str, str] = {}
    for page in pages:
        if page.has_more and not following[page]:
            faults.setdefault(
                groups[page.path],
                f"{page.path} says that more pages follow (has_more, next_page) and no page "
                "starts where it ends: save every page, in one file or one folder",
            )
    for group in set(groups.values()):
        if fault := _overlap([page for page in pages if groups[page.path] == group], following):
            faults.setdefault(group, fault)
    for found in files:
        group = groups[found.path]
        yield replace(found, export_group=group, fault=found.fault or faults.get(group))


def _groups(files: Sequence[Found], following: Mapping[Page, Sequence[Page]]) -> dict[str, str]:
    """The export of every file: pages that follow one another are one, named by the first path."""
    group = {found.path: found.export_group for found in files}
    for page, others in following.items():
        for other in others:
            first, second = sorted((group[page.path], group[other.path]))
            group = {path: first if name == second else name for path, name in group.items()}
    return group


def _overlap(pages: Sequence[Page], following: Mapping[Page, Sequence[Page]]) -> str | None:
    """Why an export of several pages holds some of its time twice, or None where it does not."""
    if not any(following[page] for page in pages):
        return None
    spans = sorted((p.start, p.end or p.start, p.path) for p in pages if p.start is not None)
    for (_, end, path), (start, _, other) in pairwise(spans):
        if start < end:
            return f"{path} and {other} hold pages of the same time: keep one export a folder"
    return None


def _pages(portfolio: Portfolio, found: Found) -> list[Page]:
    """The pages of a file; none of one that cannot be read, which its own reading will say."""
    if found.fault:
        return []
    try:
        return [_page(found.path, page) for page in pages_of(_content(portfolio, found), "")]
    except (DataRefused, OSError, EOFError, ValueError):
        return []


def _content(portfolio: Portfolio, found: Found) -> bytes:
    path: Path = fetch(portfolio, found)
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        return (gzip.GzipFile(fileobj=file) if is_packed else file).read(MAX_BYTES + 1)


def _page(path: str, page: Mapping[str, Any]) -> Page:
    has_more = page.get("has_more")
    if has_more is None:
        has_more = bool(page.get("next_page"))
    spans = [
        (_instant(bucket[start]), _instant(bucket[end]))
        for bucket in page["data"]
        for start, end in _TIMES
        if start in bucket and end in bucket
    ]
    starts = [start for start, _ in spans if start is not None]
    ends = [end for _, end in spans if end is not None]
    is_last = str(has_more).lower() in ("false", "")
    return Page(path, min(starts, default=None), max(ends, default=None), not is_last)


def _instant(value: object) -> float | None:
    """Unix seconds, or ISO 8601 with an offset, as seconds; None for what is neither."""
    with suppress(ValueError):
        return float(str(value))
    with suppress(ValueError):
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None
