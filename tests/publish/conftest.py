"""A small company whose books are up to date; a test gets a copy to change."""

import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

for neighbour in ("real", "faults", "publish"):
    sys.path.append(str(Path(__file__).parent.parent / neighbour))

from runner import close, run  # noqa: E402
from small_company import small_company  # noqa: E402

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months, published; not to be changed."""
    folder = small_company(tmp_path_factory.mktemp("published") / "acme")
    run(folder, MARCH)
    return folder


@pytest.fixture
def company(published: Path, tmp_path: Path) -> Path:
    """A copy of the published company."""
    return shutil.copytree(published, tmp_path / "acme")


@pytest.fixture(scope="session")
def january_closed(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, run and closed in January, then run in February; not to be changed."""
    without = shutil.ignore_patterns("state", "marts")
    folder = tmp_path_factory.mktemp("closed") / "acme"
    shutil.copytree(published, folder, ignore=without)
    run(folder, JANUARY)
    assert close(folder, JANUARY) == [JANUARY]
    run(folder, FEBRUARY)
    return folder


@pytest.fixture
def again(published: Path, tmp_path: Path) -> Callable[[], Path]:
    """A function that gives the same inbox and reference files, not run yet, in a new folder."""
    made = 0

    def fresh() -> Path:
        nonlocal made
        made += 1
        without = shutil.ignore_patterns("state", "marts")
        return shutil.copytree(published, tmp_path / f"again{made}", ignore=without)

    return fresh
