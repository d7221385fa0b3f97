"""Who reads while editions are published sees the old one or the new one (promises 17, 34)."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from runner import bring_up, unchecked

from roi_pipeline.pipeline.run import Run
from roi_pipeline.publish import editions

MARCH = date(2026, 3, 1)
# A reader that knows only what is documented: current.json names a folder, marts.duckdb is whole.
READER = """
import json, sys
from hashlib import sha256
from pathlib import Path
import duckdb
marts, opens = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
seen, problems = set(), []
for k in range(opens):
    try:
        said = json.loads((marts / "current.json").read_text())
        folder = marts / said["edition"]
        for name in ("dim_system", "dim_month"):
            file = folder / f"{name}.parquet"
            if sha256(file.read_bytes()).hexdigest() != said["tables"][name]["sha256"]:
                problems.append(f"{file} is not what current.json says")
        words = duckdb.execute(
            "select distinct owner from read_parquet($s) union select distinct month_name "
            "from read_parquet($m)",
            {"s": str(folder / "dim_system.parquet"), "m": str(folder / "dim_month.parquet")},
        ).fetchall()
        with duckdb.connect(str(marts / "marts.duckdb"), read_only=True) as con:
            both = con.execute(
                "select distinct owner from marts.dim_system "
                "union select distinct month_name from marts.dim_month"
            ).fetchall()
            (edition,) = con.execute("select edition from marts.publication").fetchone()
        if len(words) != 1 or len(both) != 1:
            problems.append(f"a mixture: {words} {both}")
        seen.add(words[0])
    except Exception as error:
        problems.append(repr(error))
print(json.dumps({"seen": len(seen), "problems": problems[:5], "count": len(problems)}))
"""


def test_a_reader_sees_whole_editions_while_they_are_published(company: Path) -> None:
    """200 opens during publications: no error and no mixture. Every edition writes one word in
    two tables, so that a mixture of two editions shows."""
    with unchecked(company, MARCH) as opened:
        bring_up(opened)
        _publish(opened, 0)
        command = [sys.executable, "-c", READER, str(company / "marts"), "200"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
            published = 0
            while reader.poll() is None:
                published += 1
                _publish(opened, published)
                time.sleep(0.05)
            said = json.loads(reader.stdout.read())
    assert said["problems"] == []
    assert said["seen"] > 2, f"{published} editions were published, too few were seen"


def _publish(opened: Run, number: int) -> None:
    """Publish an edition whose two tables hold one word, put in the place of their rows."""
    word = f"edition {number}"
    for name, column in (("dim_system", "owner"), ("dim_month", "month_name")):
        (kept,) = opened.state.files(name)
        query = f"select * replace ('{word}' as {column}) from '{kept.path}'"
        fingerprint = f"{number:064x}"
        opened.state.keep(
            name, None, opened.state.store.put(opened.con, name, None, fingerprint, query)
        )
    editions.publish(opened)


@pytest.fixture
def elsewhere(published: Path) -> Iterator[Path]:
    """A copy in a folder that every user may enter."""
    above = Path(tempfile.mkdtemp(prefix="roi-readers-"))
    above.chmod(0o755)
    folder = shutil.copytree(published, above / "acme")
    shutil.copystat(published, folder)
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(above)


STRANGER = """
import datetime, decimal, json, os, sys, uuid  # what is imported later, the stranger may not read
from pathlib import Path
import duckdb
duckdb.execute("select 1::decimal(9, 2), 1::hugeint, current_date").fetchall()
folder = Path(sys.argv[1])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
marts = folder / "marts"
said = json.loads((marts / "current.json").read_text())
edition = marts / said["edition"]
rows = {
    name: duckdb.execute("select count(*) from read_parquet(?)", [str(edition / f"{name}.parquet")])
    .fetchone()[0]
    for name in said["tables"]
}
assert rows == {name: about["rows"] for name, about in said["tables"].items()}
with duckdb.connect(str(marts / "marts.duckdb"), read_only=True) as con:
    assert con.execute("select count(*) from marts.ledger_monthly").fetchone()[0] > 0

def refused(act):
    try:
        act()
    except (PermissionError, duckdb.IOException):
        return True
    return False

tries = {
    "read the journal": lambda: list((folder / "state" / "journal").iterdir()),
    "list the state": lambda: list((folder / "state").iterdir()),
    "read a clean file": lambda: list((folder / "state" / "deliveries").rglob("*"))[0].read_bytes(),
    "write a table": lambda: (edition / "roi_monthly.parquet").open("ab"),
    "add a file": lambda: (edition / "more.parquet").touch(),
    "remove a table": lambda: (edition / "roi_monthly.parquet").unlink(),
    "write current.json": lambda: (marts / "current.json").write_text("{}"),
    "replace current.json": lambda: os.replace(marts / "marts.duckdb", marts / "current.json"),
    "write the database of the marts": lambda: duckdb.connect(str(marts / "marts.duckdb")),
    "write next to it": lambda: (marts / "x").touch(),
}
print(json.dumps([name for name, act in tries.items() if not refused(act)]))
"""


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become another")
def test_another_user_reads_the_marts_and_nothing_else(elsewhere: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, str(elsewhere)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_what_is_published_is_read_only_and_what_is_not_is_private(company: Path) -> None:
    found = editions.current(company / "marts")
    assert found is not None
    files = [*(company / "marts" / found.name).iterdir(), company / "marts" / "marts.duckdb"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o444}
    assert (company / "state").stat().st_mode & 0o077 == 0
    left = [file.name for file in (company / "marts").rglob("*") if "part" in file.name]
    assert left == []
