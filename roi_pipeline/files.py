"""Files that are whole or absent: written next to their name, synced, moved into place."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from hashlib import file_digest
from pathlib import Path
from typing import Any

_PROCESS: dict[int, str] = {}


def process() -> str:
    """A name for this process that no other one has, nor has had, on any machine."""
    pid = os.getpid()
    if pid not in _PROCESS:
        _PROCESS[pid] = f"{pid}-{secrets.token_hex(6)}"
    return _PROCESS[pid]


def part_of(target: Path) -> Path:
    """Where to write what will be `target`: a name no other process or thread uses."""
    return target.with_name(f".{target.name}.{process()}.{secrets.token_hex(4)}.part")


def parts_of(folder: Path, name: str) -> list[Path]:
    """What a process of that name left under a folder without finishing it.

    Other processes may remove files and folders meanwhile.
    """
    return [
        Path(parent, entry)
        for parent, folders, entries in os.walk(folder)  # unlike rglob, it passes over what is gone
        for entry in (*folders, *entries)
        if fnmatch(entry, f".*.{name}.*.part*")
    ]


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A file to write, which takes the place of `target` when the block ends without an error.

    After an error, a full disk for one, neither it nor the write-ahead log of a database is left.
    """
    part = part_of(target)
    try:
        yield part
        settle(part, target)
    finally:
        part.unlink(missing_ok=True)
        Path(f"{part}.wal").unlink(missing_ok=True)


def settle(part: Path, target: Path) -> None:
    """Move a finished file to its name: after a power cut there is the old file or the new one."""
    sync(part)
    os.replace(part, target)
    sync(target.parent)


def write_text(target: Path, text: str) -> None:
    """Put text in the place of a file: a reader sees the old or the new, never a part."""
    with replacing(target) as part:
        part.write_text(text, encoding="utf-8")


def create_text(target: Path, text: str) -> bool:
    """Create a file with this text; False, and nothing written, when the name exists already.

    Of several processes that try at once exactly one gets True (POSIX: link fails where the name
    exists).
    """
    part = part_of(target)
    try:
        part.write_text(text, encoding="utf-8")
        sync(part)
        os.link(part, target)
    except FileExistsError:
        return False
    finally:
        part.unlink(missing_ok=True)
    sync(target.parent)
    return True


def read_json(file: Path) -> dict[str, Any] | None:
    """The document in a file, None when there is no such file."""
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def sha256_of(file: Path) -> str:
    """Checksum of the bytes of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Make sure that a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
