"""Which files have landed for a source, and how to have them as local files.

Knows paths, wildcards and remote file systems. Opens no file's content and no database.
"""

import glob
import hashlib
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from roi_pipeline.errors import DataRefused
from roi_pipeline.masking import printable
from roi_pipeline.portfolio import Portfolio, Source
from roi_pipeline.warehouse import workspace as process_folder

MANIFEST = ".manifest.json"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A file system's clock may tick this late: what is younger can change and look unchanged.
SETTLED_S = 2.0


@dataclass(frozen=True)
class Found:
    """A file that matches a source: `path` as receipts name it, `location` where its bytes are.

    A `fault` of its name or its time, with the remedy, is why it cannot be ingested.
    """

    source: Source
    path: str
    location: str
    bytes: int
    modified_at: datetime
    export_group: str
    fault: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What names it among all files that were found: its source and its path."""
        return self.source.id, self.path

    @property
    def is_local(self) -> bool:
        """Whether the bytes are on this machine."""
        return "://" not in self.location


def sources_of(portfolio: Portfolio, dataset: str) -> tuple[Source, ...]:
    """The sources that deliver a dataset; reference files need not be named in portfolio.yaml."""
    everything = (*portfolio.sources, *portfolio.reference_sources())
    return tuple(source for source in everything if source.dataset == dataset)


def discover(portfolio: Portfolio, dataset: str) -> list[Found]:
    """Every delivered file of a dataset, sorted by path; manifests are not deliveries."""
    found: list[Found] = []
    for source in sources_of(portfolio, dataset):
        found += _local(portfolio, source) if source.is_local else _remote(source)
    return sorted(found, key=lambda file: (file.path, file.source.id))


def has_wildcard(text: str) -> bool:
    """Whether a path or a part of one is a pattern.

    >>> has_wildcard("inbox/billing/*/"), has_wildcard("inbox/billing/")
    (True, False)
    """
    return any(sign in text for sign in "*?[")


def export_group(pattern: str, path: str) -> str:
    """The export a file belongs to: its folder where a wildcard chose the folder, else itself.

    >>> export_group("inbox/aws/*/*.csv.gz", "inbox/aws/2026-10/part-1.csv.gz")
    'inbox/aws/2026-10'
    >>> export_group("inbox/aws/*.csv", "inbox/aws/2026-10.csv")
    'inbox/aws/2026-10.csv'
    """
    folders = PurePosixPath(pattern).parts[:-1]
    return str(PurePosixPath(path).parent) if any(map(has_wildcard, folders)) else path


def _local(portfolio: Portfolio, source: Source) -> list[Found]:
    """Files under the portfolio are named relative to it, so a portfolio can be moved."""
    folder = portfolio.folder
    names = glob.glob(source.path, root_dir=folder, recursive=True)
    files = [(name, folder / name) for name in names if not name.endswith(MANIFEST)]
    return [_found(source, name, file) for name, file in files if _is_delivered(file)]


def _is_delivered(file: Path) -> bool:
    """Whether a path is a file, or may be one that this user may not look at."""
    try:
        return file.is_file()
    except OSError:
        return True


def _found(source: Source, name: str, file: Path) -> Found:
    size, modified_at, fault = 0, _EPOCH, None
    try:
        stat = file.stat()
        size = stat.st_size
        modified_at = datetime.fromtimestamp(stat.st_mtime_ns // 1000 / 1_000_000, UTC)
    except OSError as error:
        fault = f"cannot be read ({error.strerror}); make it readable, or deliver it again"
    except (OverflowError, ValueError):
        fault = "its time of modification is outside the calendar; touch the file"
    path = printable(name)
    if path != name:
        fault = "its name is not UTF-8; rename the file"
    return Found(source, path, str(file), size, modified_at, export_group(source.path, path), fault)


def _remote(source: Source) -> list[Found]:
    scheme = source.path.split("://", 1)[0]
    files, pattern = fsspec.core.url_to_fs(source.path)
    found = []
    for name, info in sorted(files.glob(pattern, detail=True).items()):
        if info["type"] != "file" or name.endswith(MANIFEST):
            continue
        uri = f"{scheme}://{name.lstrip('/')}" if scheme != "file" else f"file://{name}"
        group = export_group(pattern, name)
        found.append(Found(source, uri, uri, int(info["size"]), _modified_at(info), group))
    return found


def _modified_at(info: Mapping[str, Any]) -> datetime:
    """When a remote file was last written; each file system has its own word for it."""
    for key in ("LastModified", "last_modified", "updated", "mtime", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _EPOCH


def fetch(portfolio: Portfolio, found: Found) -> Path:
    """The file as a resolved local path that the warehouse may read; remote files are copied.

    Raises DataRefused for a link that leads outside the folders the portfolio names.
    """
    if not found.is_local:
        return _copy(portfolio, found.source, found.location)
    path = Path(found.location).resolve()
    allowed = [folder.resolve() for folder in portfolio.readable_folders]
    if not any(path.is_relative_to(folder) for folder in allowed):
        raise DataRefused(
            f"{found.path}: leads to {path}, outside the portfolio; move the file there, or name "
            "its folder as the source's path"
        )
    return path


def under_own_name(portfolio: Portfolio, path: Path) -> Path:
    """The file under a name that no reader takes for a pattern, a folder's value or a packing.

    A link, so that `stamp` of `path`, taken before and after, shows any change; of a file written
    in the last seconds a copy, because a change within one tick of the clock would not show.
    """
    target = workspace(portfolio) / "delivered"
    target.unlink(missing_ok=True)
    found = path.stat()
    if time.time() - max(found.st_mtime, found.st_ctime) < SETTLED_S:
        shutil.copyfile(path, target)
    else:
        target.symlink_to(path)
    return target


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file is written to, or another takes its place."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_there(portfolio: Portfolio, path: str) -> bool:
    """Whether a delivered file, as receipts name it, still lies where it was."""
    if "://" not in path:
        return (portfolio.folder / path).is_file()
    files, name = fsspec.core.url_to_fs(path)
    return bool(files.exists(name))


def fetch_manifest(portfolio: Portfolio, found: Found) -> Path | None:
    """The manifest beside a delivery as a local path, or None when the sender gives none."""
    location = found.location + MANIFEST
    if found.is_local:
        if os.path.lexists(location) and not os.path.isfile(location):
            raise DataRefused(f"{found.path}: its manifest is no file; replace or remove it")
        return Path(location) if os.path.lexists(location) else None
    files, name = _remote_file(found.source, location)
    return _copy(portfolio, found.source, location) if files.exists(name) else None


def workspace(portfolio: Portfolio) -> Path:
    """The folder for copies that live only while a file is ingested."""
    folder = process_folder(portfolio) / "ingest"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _remote_file(source: Source, uri: str) -> tuple[Any, str]:
    """The file system of a source and the name of a file there: only the source's own path, never
    a file's name, may chain file systems (`a::b`)."""
    files, _ = fsspec.core.url_to_fs(source.path)
    return files, files.root_marker + uri.partition("://")[2].lstrip("/")


def _copy(portfolio: Portfolio, source: Source, uri: str) -> Path:
    """A private copy; its name is a checksum, since remote names may hold anything."""
    target = workspace(portfolio) / hashlib.sha256(uri.encode()).hexdigest()[:32]
    files, name = _remote_file(source, uri)
    with files.open(name, "rb") as remote, target.open("wb") as local:
        shutil.copyfileobj(remote, local, 1 << 20)
    return target
