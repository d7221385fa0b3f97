"""One small portfolio, run once through the command line; a test that changes it gets a copy."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from small_portfolio import small_portfolio

from roi_pipeline import __version__, models
from roi_pipeline.cli import main


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


def said(*arguments: object) -> Said:
    """Run a command in this process."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return Said(result.exit_code, result.stdout, result.stderr)


def spoken(arguments: Sequence[object], columns: int = 60) -> Said:
    """Run a command as a person does: a process of its own, in a narrow window."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ROI_")}
    done = subprocess.run(
        [sys.executable, "-m", "roi_pipeline.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment | {"COLUMNS": str(columns)},
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


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
    """The same to be changed at will; its edition is published after every edit of the code."""
    folder = tmp_path / "copy"
    shutil.copytree(small, folder)
    return settled(folder)


def settled(folder: Path) -> Path:
    """Make the edition one of the code as it is: an edit meanwhile is no reason to run."""
    file = folder / "marts" / "current.json"
    told = json.loads(file.read_text())
    queries = "".join(model.code_version for model in models.load(folder / "sql").values())
    told["code_version"] = f"{__version__}+{sha256(queries.encode()).hexdigest()[:12]}"
    file.write_text(json.dumps(told | {"published_at": "2099-01-01T00:00:00+00:00"}))
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
