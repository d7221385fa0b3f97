"""Corrected code reaches the months already built, whichever layer it is in: the numbers are those
of books built with it from the start, and `run` does not say that nothing is new."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_changed_readings import tables

from roi_pipeline import code
from roi_pipeline.publish.editions import current

ROOT = Path(__file__).parent.parent.parent
EDITED = {  # file: (text, replacement), each a change that moves amounts or dates
    "engines/logs.py": (
        "from {source} as p\nwhere {in_bucket}",
        "from {source} as p\nwhere p.amount < 900 and {in_bucket}",
    ),
    "pipeline/cells.py": (
        "horizon_days={system.id: system.outcome_horizon_days for",
        "horizon_days={system.id: 0 for",
    ),
}
STEPS = (
    "import sys; from datetime import date; from pathlib import Path; from runner import run; "
    "run(Path(sys.argv[1]), date(2026, 3, 1))"
)
ASK = (
    "import sys; from datetime import date; from pathlib import Path; "
    "from runner import unchecked; from roi_pipeline.publish.editions import published_as\n"
    "with unchecked(Path(sys.argv[1]), date(2026, 3, 1)) as opened: print(published_as(opened))"
)


def python(package: Path, script: str, folder: Path) -> str:
    """Run a script with a copy of the package."""
    path = os.pathsep.join(map(str, (package, ROOT / "tests" / "real")))
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=folder,  # where no other package is found first
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "file", ["engines/logs.py", pytest.param("pipeline/cells.py", marks=pytest.mark.slow)]
)
def test_changed_code_reaches_months_already_built(
    published: Path, tmp_path: Path, file: str
) -> None:
    package = tmp_path / "package"
    for name in ("roi_pipeline", "sql", "expectations"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, package / name, ignore=ignored)
    folder = shutil.copytree(published, tmp_path / "acme")
    fresh = shutil.copytree(
        published, tmp_path / "fresh", ignore=shutil.ignore_patterns("state", "marts")
    )
    assert "Edition(" in python(package, ASK, folder)
    edited = package / "roi_pipeline" / file
    before, after = EDITED[file]
    text = edited.read_text()
    assert text.count(before) == 1
    edited.write_text(text.replace(before, after))
    os.utime(edited, (1, 1))  # as a package manager may leave it
    assert python(package, ASK, folder) == "None\n"
    for each in (folder, fresh):
        python(package, STEPS, each)
    now, expected, was = (current(each / "marts") for each in (folder, fresh, published))
    assert now is not None
    assert expected is not None
    assert was is not None
    assert tables(folder, now) == tables(fresh, expected)
    assert now.name != was.name


def test_the_checksum_of_the_cells_covers_every_module_that_makes_them() -> None:
    script = (
        "import sys, json, roi_pipeline.engines.duckdb; "
        "print(json.dumps([m for m in sys.modules if m.startswith('roi_pipeline')]))"
    )
    loaded = json.loads(python(ROOT, script, ROOT))
    assert {*loaded} <= code.sources("roi_pipeline.engines.duckdb").keys()
    assert "roi_pipeline.engines.logs" in code.sources("roi_pipeline.engines.duckdb")


def test_every_file_depends_on_how_deliveries_are_read() -> None:
    script = "from roi_pipeline.pipeline.store import writer; print(writer())"
    assert code.code_sha256("roi_pipeline.pipeline.store", "roi_pipeline.ingest.live") in python(
        ROOT, script, ROOT
    )
    assert "roi_pipeline.ingest.contracts" in code.sources("roi_pipeline.ingest.live")
