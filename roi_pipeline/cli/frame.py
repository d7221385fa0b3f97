"""How every command talks: where the portfolio is, summary on stdout, progress on stderr, one JSON
document for machines, exit codes for scripts (contracts §5).

Knows consoles, errors and exit codes; knows nothing of what a command does.
"""

import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import wraps
from pathlib import Path
from time import monotonic
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.text import Text

from roi_pipeline.errors import RoiError
from roi_pipeline.masking import Masking, described, masked, traceback_without_data

BREACHED = 4  # done, and a threshold is breached; only with --fail-on breach
LONGEST = 300  # characters of an unexpected error that are shown


@dataclass(frozen=True)
class Frame:
    """What the options that every command has say."""

    folder: Path
    as_json: bool
    is_quiet: bool

    @property
    def option(self) -> str:
        """How the next command has to name the portfolio."""
        return "" if self.folder.absolute() == Path.cwd() else f" --portfolio {self.folder}"


@dataclass(frozen=True)
class Answer:
    """What a command found: a document for machines, the same to look at, and an exit code."""

    document: Mapping[str, Any]
    shown: tuple[RenderableType, ...] = field(default=())
    exit_code: int = 0


fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(["breach"]),
    help="breach: end with exit code 4 when a system is below the contract's hurdle.",
)


def failing_on_breach(answer: Answer) -> Answer:
    """The same answer with exit code 4 where its board says that a threshold is breached."""
    breaches = answer.document.get("board", {}).get("breaches")
    return replace(answer, exit_code=BREACHED) if breaches and not answer.exit_code else answer


def framed(command: Callable[..., Answer]) -> Callable[..., None]:
    """Give a command the common options; print its Answer, or its error in one line."""

    @click.option(
        "--portfolio",
        "folder",
        type=click.Path(path_type=Path),
        default=Path(),
        envvar="ROI_PORTFOLIO",
        help="The folder with portfolio.yaml. [env: ROI_PORTFOLIO; default: the current folder]",
    )
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @click.option("-q", "--quiet", "is_quiet", is_flag=True, help="Say nothing but errors.")
    @wraps(command)
    def run(folder: Path, as_json: bool, is_quiet: bool, **options: Any) -> None:
        frame = Frame(folder, as_json, is_quiet)
        _listen(is_quiet)
        answer = _guarded(frame, lambda: command(frame, **options))
        if as_json:
            click.echo(json.dumps(answer.document, indent=1, default=_plain, ensure_ascii=False))
        elif not is_quiet:
            click.echo(_laid_out(answer.shown, Console(highlight=False)), nl=False)
        elif answer.exit_code not in (0, BREACHED):
            click.echo(_laid_out(answer.shown, Console(stderr=True)), nl=False, err=True)
        if answer.exit_code:
            sys.exit(answer.exit_code)

    return run


def _laid_out(shown: Iterable[RenderableType], console: Console) -> str:
    """What a console would print, without the blanks that fill its lines."""
    with console.capture() as captured:
        for each in shown:
            console.print(each)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _guarded(frame: Frame, work: Callable[[], Answer]) -> Answer:
    """The answer, or an answer that says what went wrong; never a raw traceback."""
    try:
        return work()
    except RoiError as error:
        return _failed(str(error), error.exit_code)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        return _failed("stopped; what was finished is kept, and the next run goes on from it", 1)
    except Exception as error:
        what = described(error)[:LONGEST]
        return _failed(
            f"unexpected {what}; details for whoever maintains this: {_written(frame, error)}", 1
        )


def _failed(message: str, exit_code: int) -> Answer:
    message = masked(message)
    error = Console(stderr=True, highlight=False)
    # The terminal folds long lines: a path that we broke could not be found or copied.
    error.print(Text("error: ", style="bold red") + Text(message, style="default"), soft_wrap=True)
    return Answer({"error": message, "exit_code": exit_code}, (), exit_code)


def _written(frame: Frame, error: Exception) -> Path:
    """Put the traceback of an error in state/logs, or elsewhere without a portfolio. Where it was
    raised is written down, and no value that its text may quote."""
    text, state = traceback_without_data(error), frame.folder / "state"
    try:
        logs = state / "logs" if state.is_dir() else Path(tempfile.mkdtemp(prefix="roi-pipeline-"))
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = logs / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S.%f}.txt"
        file.write_text(text, encoding="utf-8")
    except OSError:
        file = Path(tempfile.mkdtemp(prefix="roi-pipeline-")) / "traceback.txt"
        file.write_text(text, encoding="utf-8")
    return file


class _Progress(logging.Handler):
    """Progress as a person reads it: seconds since the start, then what is going on."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.console = Console(stderr=True, highlight=False)
        self.start = monotonic()
        self.addFilter(Masking())

    def emit(self, record: logging.LogRecord) -> None:
        """One line a message."""
        seconds = f"{monotonic() - self.start:5.0f} s  "
        style = "yellow" if record.levelno >= logging.WARNING else "default"
        line = Text(seconds, style="dim") + Text(record.getMessage(), style=style)
        self.console.print(line, soft_wrap=True)


def _listen(is_quiet: bool) -> None:
    """Show what the library logs, on stderr; a second command in one process does not double it."""
    log = logging.getLogger("roi_pipeline")
    for handler in [handler for handler in log.handlers if isinstance(handler, _Progress)]:
        log.removeHandler(handler)
    log.setLevel(logging.ERROR if is_quiet else logging.INFO)
    if not is_quiet:
        log.addHandler(_Progress())


def _plain(value: object) -> object:
    """Money as text with all its digits, days and instants as ISO."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON document")
