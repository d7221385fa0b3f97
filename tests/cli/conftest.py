"""One small portfolio, run once through the command line; a test that changes it gets a copy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Said, said, spoken
from small_portfolio import small_portfolio


@pytest.fixture(autouse=True)
def _no_portfolio_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROI_PORTFOLIO", raising=False)
    monkeypatch.delenv("ROI_PII_KEY", raising=False)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """A small portfolio and what its first run said."""
    folder = small_portfolio(tmp_path_factory.mktemp("cli") / "small")
    return folder, said("run", "--month", "2026-10", "--json", "--portfolio", folder)


@pytest.fixture(scope="session")
def small(first_run: tuple[Path, Said]) -> Path:
    """A small portfolio with a published edition; not to be changed."""
    folder, told = first_run
    assert told.code == 0, told.out + told.err
    return folder


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    """The same to be changed at will."""
    folder = tmp_path / "copy"
    shutil.copytree(small, folder)
    return folder


@pytest.fixture(scope="session")
def run() -> Callable[..., Said]:
    """Run a command in this process."""
    return said


@pytest.fixture(scope="session")
def speak() -> Callable[..., Said]:
    """Run a command in a process of its own, 60 columns wide."""
    return spoken


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """The demo, run once, and what it said; for slow tests, not to be changed."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    return folder, spoken(["demo", folder])
