"""Any part of state/ but the journal, the closed months and the deliveries may be lost: the next
run ends in the same edition (promise 41). A lost journal reopens nothing: see cli/test_closing.

Three losses here; `make proof` tries a hundred.
"""

import os
import random
import shutil
from datetime import date
from pathlib import Path

import pytest
from points import faults_of, left_behind
from runner import close, run
from small_company import small_company

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
DURABLE = ("journal", "closed", "deliveries")
LOSSES = int(os.environ.get("ROI_LOSSES", "3"))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months published, January closed, published again."""
    folder = small_company(tmp_path_factory.mktemp("company") / "acme", months=2, per_day=2)
    run(folder, FEBRUARY)
    close(folder, JANUARY, FEBRUARY)
    run(folder, FEBRUARY)
    return folder


def lose(state: Path, dice: random.Random) -> int:
    """Delete a random share of what may be lost, files and whole folders; how many are gone."""
    before = sum(path.is_file() for path in state.rglob("*"))
    share = dice.uniform(0.1, 1.0)
    for path in sorted(state.rglob("*")):
        if path.relative_to(state).parts[0] in DURABLE or not path.exists():
            continue
        if path.is_dir() and dice.random() < share / 10:
            shutil.rmtree(path)
        elif path.is_file() and dice.random() < share:
            path.unlink()
    return before - sum(path.is_file() for path in state.rglob("*"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(LOSSES))
def test_what_can_be_built_may_be_lost(company: Path, tmp_path: Path, seed: int) -> None:
    edition = run(company, FEBRUARY)
    folder = shutil.copytree(company, tmp_path / "acme")
    assert lose(folder / "state", random.Random(seed)) > 0
    assert run(folder, FEBRUARY).name == edition.name
    known = {path.name for path in (company / "marts").iterdir()}
    assert faults_of(folder, known) == []
    assert left_behind(folder, known) == []
