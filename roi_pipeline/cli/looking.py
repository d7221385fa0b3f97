"""`status`, `explain`: commands that look; and `init`, which starts a portfolio.

Knows what each of them reads and how its answer ends; lays out nothing itself.
"""

from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import RenderableType
from rich.text import Text

from roi_pipeline import board, portfolio
from roi_pipeline.cli import last_run
from roi_pipeline.cli.board_look import BoardLook, document
from roi_pipeline.cli.frame import Answer, Frame, fail_on_option, failing_on_breach, framed
from roi_pipeline.domain.calendar import parse_month
from roi_pipeline.words import count


@click.command("status")
@fail_on_option
@framed
def status_command(frame: Frame, fail_on: str | None) -> Answer:
    """The board of the current edition: is every system worth running?"""
    found = portfolio.load(frame.folder)
    standing = board.read(found.marts)
    failed = last_run.failed_since(found, standing.edition.published_at)
    shown: list[RenderableType] = [BoardLook(standing)]
    if failed:
        shown += [Text(), *last_run.lines(failed)]
    told = {"board": document(standing), "failed_run": failed}
    answer = Answer(told, tuple(shown))
    return failing_on_breach(answer) if fail_on else answer


@click.command("explain")
@click.argument("table")
@click.argument("month", metavar="YYYY-MM")
@click.argument("system")
@click.argument("column", required=False)
@click.option("--rows", "limit", type=click.IntRange(0), default=10, help="How many rows to show.")
@framed
def explain_command(
    frame: Frame, table: str, month: str, system: str, column: str | None, limit: int
) -> Answer:
    """Walk a published number back to ledger lines, files and row numbers.

    SYSTEM is an id, `portfolio` for the total or `unallocated`. Ends with exit code 1 when the rows
    do not add up to the number.
    """
    from roi_pipeline.cli import explain_look
    from roi_pipeline.explain import explain

    found = portfolio.load(frame.folder)
    explained = explain(found, table, parse_month(month), system, column)
    look = explain_look.ExplanationLook(explained, limit)
    return Answer(explain_look.document(explained), (look,), 0 if explained.adds_up else 1)


@click.command("init")
@click.argument("directory", metavar="DIR", required=False, type=click.Path(path_type=Path))
@framed
def init_command(frame: Frame, directory: Path | None) -> Answer:
    """Lay down a new portfolio: portfolio.yaml, empty tables, an inbox."""
    from roi_pipeline import scaffold

    folder = directory or frame.folder
    files = scaffold.write(folder)
    return Answer({"portfolio": folder, "files": list(files)}, tuple(_started(folder, len(files))))


def _started(folder: Path, files: int) -> Iterator[Text]:
    at = f" --portfolio {folder}" if folder.absolute() != Path.cwd() else ""
    yield Text.assemble(("written ", "bold green"), f"{count(files, 'file')} in {folder}")
    steps = (
        f"describe your systems and sources in {folder / portfolio.FILE}",
        f"fill {folder / 'reference'}: prices, baselines, terms ({folder / 'README.md'} says how)",
        f"put deliveries under {folder / 'inbox'}",
        f"roi-pipeline doctor{at}",
        f"roi-pipeline run --month YYYY-MM{at}",
    )
    for number, step in enumerate(steps, 1):
        yield Text(f"  {number}. {step}")
