"""Stops a run dead at its k-th point, as a power cut or `kill -9` does, and says what came of it.

A point is a moment before the disk changes: a statement that writes, a file that is moved, synced
or removed. A stop before a query that only reads leaves the disk as a stop before the next point
does, so queries are no points. Run as a program, which must not have opened DuckDB before it
forks: `points.py TEMPLATE WORK LAST EXPECTED FIRST STEP` tries every STEP-th point from FIRST on
and prints one JSON line for each; `points.py TEMPLATE WORK LAST` prints the number of points.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from runner import run

from roi_pipeline.publish.editions import current, verify

# Statements that write to the disk; everything else lives in the memory of the process.
WRITING = ("copy", "attach", "create table bi.", "checkpoint", "detach")
DEAD = 137


class Bomb:
    """Counts points, and ends the process at the one it is set to."""

    def __init__(self, at: int | None) -> None:
        self.at, self.points = at, 0

    def point(self) -> None:
        if self.points == self.at:
            os._exit(DEAD)
        self.points += 1

    def before(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*given: Any, **named: Any) -> Any:
            self.point()
            return act(*given, **named)

        return guarded


class Connection:
    """A DuckDB connection whose writing statements are points."""

    def __init__(self, con: duckdb.DuckDBPyConnection, bomb: Bomb) -> None:
        self._con, self._bomb = con, bomb

    def execute(self, query: str, *given: Any, **named: Any) -> Any:
        if query.lstrip(" \n(").lower().startswith(WRITING):
            self._bomb.point()
        return self._con.execute(query, *given, **named)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def arm(bomb: Bomb) -> None:
    """Put the bomb under every way in which a run writes."""
    connect = duckdb.connect
    duckdb.connect = lambda *given, **named: Connection(connect(*given, **named), bomb)  # type: ignore[assignment,return-value]
    for name in ("replace", "rename", "link", "fsync", "unlink", "rmdir", "mkdir"):
        setattr(os, name, bomb.before(getattr(os, name)))


def in_child(act: Callable[[], object]) -> tuple[int, str]:
    """Run `act` in a process of its own; its exit status and what it returned or raised."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(read)
            os.write(write, str(act()).encode())
            status = 0
        except BaseException as error:  # the parent tells what happened
            os.write(write, repr(error).encode())
        os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as said:
        told = said.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), told


def armed_run(folder: Path, last: date, at: int | None) -> int:
    bomb = Bomb(at)
    arm(bomb)
    run(folder, last)
    return bomb.points


def faults_of(folder: Path, editions: set[str]) -> list[str]:
    """What is wrong with what readers find: an edition that is torn, unknown or not whole."""
    found = current(folder / "marts")
    if found is None:
        return []
    faults = [] if found.name in editions else [f"edition {found.name} is unknown"]
    try:
        verify(folder / "marts" / found.name, found.tables)
    except Exception as error:
        faults.append(repr(error))
    return faults


def left_behind(folder: Path, editions: set[str]) -> list[str]:
    """Files that no finished run leaves."""
    files = [file for file in folder.rglob("*") if "inbox" not in file.parts]
    stray = [file for file in files if "part" in file.name and file.suffix != ".parquet"]
    stray += [file for file in files if file.name.startswith(".") and file.name != ".lock"]
    temporary = (folder / "state" / "tmp").rglob("*")
    spill = [file for file in temporary if file.is_file() and file.name != ".lock"]
    unknown = [
        file for file in (folder / "marts").iterdir() if file.is_dir() and file.name not in editions
    ]
    return [str(file.relative_to(folder)) for file in (*stray, *spill, *unknown)]


def try_point(template: Path, work: Path, last: date, expected: str, at: int) -> dict[str, Any]:
    folder = work / f"at{at}"
    shutil.copytree(template, folder)
    before = current(folder / "marts")
    known = {expected} | ({before.name} if before else set())
    status, told = in_child(lambda: armed_run(folder, last, at))
    torn = faults_of(folder, known)
    again, edition = in_child(lambda: run(folder, last).name)
    result = {
        "at": at,
        "stopped": status == DEAD,
        "told": told,
        "torn": torn,
        "again": again,
        "edition": edition,
        "left": left_behind(folder, known) if again == 0 else [],
    }
    shutil.rmtree(folder)
    return result


def main(template: str, work: str, last: str, *more: str) -> None:
    month = date.fromisoformat(last)
    if not more:
        folder = Path(work) / "counted"
        shutil.copytree(template, folder)
        status, told = in_child(lambda: armed_run(folder, month, None))
        shutil.rmtree(folder)
        print(json.dumps({"status": status, "told": told}))
        return
    expected, first, step = more[0], int(more[1]), int(more[2])
    at, stopped = first, True
    while stopped:
        result = try_point(Path(template), Path(work), month, expected, at)
        print(json.dumps(result), flush=True)
        at, stopped = at + step, bool(result["stopped"])


if __name__ == "__main__":
    main(*sys.argv[1:])
