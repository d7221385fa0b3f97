"""Commands as a test runs them: in this process, or as a person does, in a narrow window."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

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
