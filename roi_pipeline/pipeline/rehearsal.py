"""A run in a state that is thrown away: whatever it ingests, builds and checks changes nothing.

What is ingested, built and checked already is linked there, so a rehearsal does only what a run
would do. The folder is the process's own in `state/tmp`; one of a killed process is removed by
the next that opens the portfolio.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from roi_pipeline import warehouse
from roi_pipeline.errors import RoiError
from roi_pipeline.pipeline import run
from roi_pipeline.pipeline.run import Run
from roi_pipeline.portfolio import Portfolio

# What a run does not read: folders of processes, and of others; files that are not finished.
_NOT_READ = ("tmp", "logs", "dagster", ".*.part*")


class _Elsewhere(Portfolio):
    """A portfolio whose state lies elsewhere."""

    elsewhere: Path

    @property
    def state(self) -> Path:
        """The state that is thrown away."""
        return self.elsewhere


@contextmanager
def opened(portfolio: Portfolio, last: date, as_of: datetime | None = None) -> Iterator[Run]:
    """A run as `run.opened` gives it, of which nothing is kept; errors name the state as usual.

    Raises ConfigurationError, as a run does, where the state is no folder that can be written.
    """
    with tempfile.TemporaryDirectory(dir=warehouse.workspace(portfolio)) as folder:
        state = Path(folder) / "state"
        ignored = shutil.ignore_patterns(*_NOT_READ)
        shutil.copytree(portfolio.state, state, copy_function=_link, ignore=ignored)
        try:
            with run.opened(
                _Elsewhere.model_construct(**dict(portfolio), elsewhere=state), last, as_of
            ) as rehearsed:
                yield rehearsed
        except RoiError as error:
            message = str(error).replace(str(state), str(portfolio.state))
            raise type(error)(message).with_traceback(error.__traceback__) from None


def _link(file: str, target: str) -> None:
    """The file under another name: a file of the state is replaced and never written into."""
    try:
        os.link(file, target)
    except FileNotFoundError:
        pass  # another process replaced or removed it meanwhile
    except OSError:  # a file of another user, or a file system without links
        shutil.copyfile(file, target)
