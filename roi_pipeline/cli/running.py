"""`run` and `demo`: bring the portfolio up to date, publish, and say what came of it.

Knows what a run reports and what the receipts say of it; computes nothing.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import click
from rich.console import RenderableType
from rich.text import Text

from roi_pipeline import board, notices, portfolio, warehouse
from roi_pipeline.cli import last_run
from roi_pipeline.cli.asked import Asked, asked
from roi_pipeline.cli.board_look import BoardLook, document
from roi_pipeline.cli.frame import Answer, Frame, fail_on_option, failing_on_breach, framed
from roi_pipeline.errors import RoiError
from roi_pipeline.masking import masked
from roi_pipeline.pipeline import run as pipeline_run
from roi_pipeline.pipeline.run import Run
from roi_pipeline.pipeline.settings import first_month
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish import editions
from roi_pipeline.publish.editions import Edition
from roi_pipeline.publish.monthly import MonthlyResult, bring_up_to_date
from roi_pipeline.quality import CheckOutcome
from roi_pipeline.words import count

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intake:
    """What became of the files that a run found."""

    files: int
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_superseded: int
    refused: tuple[tuple[str, str], ...]  # path, reason


@click.command("run")
@click.option("--month", metavar="YYYY-MM", help="The last month to run; default: the last ended.")
@click.option(
    "--from",
    "first",
    metavar="YYYY-MM",
    help="The first month of a range; every open month up to --to is brought up to date.",
)
@click.option("--to", "last", metavar="YYYY-MM", help="The last month to run.")
@click.option("--as-of", metavar="INSTANT", help="Know only what was observed before this instant.")
@fail_on_option
@framed
def run_command(
    frame: Frame,
    month: str | None,
    first: str | None,
    last: str | None,
    as_of: str | None,
    fail_on: str | None,
) -> Answer:
    """Ingest what landed, build what that makes stale, check it, publish an edition."""
    found = portfolio.load(frame.folder)
    wanted = asked(found, month, first, last, as_of)
    answer = run(found, wanted)
    return failing_on_breach(answer) if fail_on else answer


def run(found: Portfolio, wanted: Asked) -> Answer:
    """Run what was asked for, unless the current edition is already it."""
    before, clock = editions.current(found.marts), monotonic()
    opening = pipeline_run.opened(found, wanted.through, wanted.as_of)
    result, intake = carried_out(opening, bring_up_to_date)
    if result.edition is None:
        errors = [result.error] if result.error else [each.reason for each in result.refused]
        notices.tell_failed(found, result.failed_checks, errors)
    else:
        notices.tell_published(found)
    if result.edition is not None and not result.is_new:
        return _nothing_new(found, result.edition)
    return _summary(found, wanted.note, result, before, intake, monotonic() - clock)


def carried_out(
    opening: AbstractContextManager[Run], work: Callable[[Run], MonthlyResult]
) -> tuple[MonthlyResult, Intake]:
    """Open a run and do some work in it: what that came to, where an error of ours is a result that
    says so, and what became of the files."""
    started = datetime.now(UTC)
    intake = Intake(0, 0, 0, 0, 0, ())
    try:
        with opening as opened:
            try:
                result = work(opened)
            finally:
                intake = _intake(opened, started)
    except RoiError as error:
        result = MonthlyResult(error=str(error), error_code=error.exit_code)
    except OSError as error:  # a folder that is not there, not writable, or on a full disk
        result = MonthlyResult(error=str(error))
    return result, intake


def _nothing_new(found: Portfolio, edition: Edition) -> Answer:
    standing = board.read(found.marts)
    line = Text(f"nothing new: edition {edition.name} is current")
    said = {"published": False, "edition": edition.name, "reason": "nothing new"}
    last_run.keep(found, said, is_good=True)
    return Answer(said | {"board": document(standing)}, (line,))


def _summary(
    found: Portfolio,
    note: str | None,
    result: MonthlyResult,
    before: Edition | None,
    intake: Intake,
    seconds: float,
) -> Answer:
    """The summary of a run, published or not."""
    now = editions.current(found.marts)
    said: dict[str, Any] = {
        "published": result.edition is not None,
        "edition": result.edition.name if result.edition else None,
        "current": now.name if now else None,
        "previous": before.name if before else None,
        "months": result.edition.months if result.edition else None,
        "seconds": round(seconds, 1),
        **result_document(result, intake),
    }
    shown: list[RenderableType] = [*result_lines(result, intake, note)]
    last_run.keep(found, said, is_good=result.edition is not None)
    if result.edition is None:
        return _not_published(said, shown, result, before)
    standing = board.read(found.marts, result.edition)
    shown += [*_edition_lines(result.edition, now, seconds), Text(), BoardLook(standing)]
    return Answer(said | {"board": document(standing)}, tuple(shown))


def result_document(result: MonthlyResult, intake: Intake) -> dict[str, Any]:
    """What kept a run from being published, and what became of the files, for machines."""
    return {
        "intake": asdict(intake),
        "refused": [masked(refusal.reason) for refusal in result.refused],
        "failed_checks": [asdict(check) for check in result.failed_checks],
        "error": masked(result.error) if result.error else None,
    }


def result_lines(result: MonthlyResult, intake: Intake, note: str | None) -> list[Text]:
    """The same to look at."""
    lines = [*_intake_lines(intake), *_check_lines(result.failed_checks)]
    if note:
        lines.append(Text(note))
    if result.error:
        lines.append(Text.assemble(("error: ", "bold red"), masked(result.error)))
    return lines


def _not_published(
    said: dict[str, Any],
    shown: list[RenderableType],
    result: MonthlyResult,
    before: Edition | None,
) -> Answer:
    """Nothing was published, and what readers still see."""
    still = f"edition {before.name} stays current" if before else "there is no edition yet"
    shown.append(Text.assemble(("nothing published: ", "bold red"), still))
    return Answer(said | {"exit_code": result.exit_code}, tuple(shown), result.exit_code)


def _intake(opened: Run, since: datetime) -> Intake:
    """What the receipts of this run say, and the files it rejected."""
    receipts = warehouse.frame_of(opened.con, "main.deliveries")
    new = receipts.filter(receipts["received_at"] >= since)
    names = ("rows_read", "rows_accepted", "rows_quarantined", "rows_superseded")
    read, accepted, quarantined, superseded = (int(new[name].sum() or 0) for name in names)
    rejected = warehouse.frame_of(opened.con, "refusals").select("path", "reason").rows()
    refused = tuple((path, masked(reason)) for path, reason in rejected)
    return Intake(new.height, read, accepted, quarantined, superseded, refused)


def _intake_lines(intake: Intake) -> list[Text]:
    lines = []
    if intake.files:
        quarantined = (
            f", {intake.rows_quarantined:,} quarantined" if intake.rows_quarantined else ""
        )
        twice = f", {intake.rows_superseded:,} superseded" if intake.rows_superseded else ""
        lines.append(
            Text(
                f"{count(intake.files, 'new file')}: {intake.rows_accepted:,} of "
                f"{count(intake.rows_read, 'row')} ingested{quarantined}{twice}"
            )
        )
    else:
        lines.append(Text("no new files"))
    for path, reason in intake.refused:
        told = reason if reason.startswith(path) else f"{path}: {reason}"
        lines.append(Text.assemble(("refused: ", "bold red"), told))
    return lines


def _check_lines(failed: tuple[CheckOutcome, ...]) -> list[Text]:
    """Checks that did not hold, those that keep an edition from being published first."""
    found = sorted(failed, key=lambda check: not check.is_blocking)
    return [
        Text.assemble(
            ("failed check: ", "bold red") if check.is_blocking else ("warning: ", "yellow"),
            f"{check.table}, {check.name}",
            f" ({count(check.failing, 'row')})" if check.failing else "",
            f": {masked(check.error or check.description)}",
        )
        for check in found
    ]


def _edition_lines(edition: Edition, now: Edition | None, seconds: float) -> list[Text]:
    months = f"edition {edition.name}, {edition.months[0]} to {edition.months[-1]}, "
    if now is not None and now.name != edition.name:
        return [
            Text.assemble(("looked back: ", "bold green"), months)
            + Text(f"as known before {edition.as_of}, in {seconds:.0f} s; it lies beside edition ")
            + Text(f"{now.name}, which stays current")
        ]
    return [Text.assemble(("published ", "bold green"), months) + Text(f"in {seconds:.0f} s")]


@click.command("demo")
@click.argument("folder_of_demo", metavar="[DIR]", type=click.Path(path_type=Path), default="demo")
@framed
def demo_command(frame: Frame, folder_of_demo: Path) -> Answer:
    """Write a small company with 24 months of data, run every month, and show its board."""
    from roi_pipeline import demo

    if not (folder_of_demo / portfolio.FILE).is_file():
        demo.write(folder_of_demo)
    found = portfolio.load(folder_of_demo)
    wanted = Asked(demo.LAST_MONTH, first_month(found), None)
    answer = run(found, wanted)
    if answer.exit_code:
        return answer
    shown = answer.shown
    if answer.document.get("reason"):
        shown = (*shown, Text(), BoardLook(board.read(found.marts)))
    told = {**answer.document, "portfolio": folder_of_demo}
    return Answer(told, (*shown, *_next(folder_of_demo)))


def _next(folder: Path) -> list[Text]:
    """Where things are, and what to try."""
    where = (
        ("inbox/", "what was delivered"),
        ("reference/", "prices, terms and rules that people edit"),
        ("marts/current.json", "which edition is current; its Parquet is beside it"),
        ("marts/marts.duckdb", "the same tables as one database"),
    )
    commands = (
        "roi-pipeline dossier support-assistant",
        "roi-pipeline explain roi_monthly 2026-10 card-fraud value",
        "roi-pipeline close 2026-09 --by you",
    )
    lines = [Text(), Text.assemble(("Where things are: ", "bold"), str(folder))]
    lines += [Text(f"  {path}\n    {what}") for path, what in where]
    lines += [Text(), Text.assemble(("Try next, after ", "bold"), f"cd {folder}")]
    return [*lines, *(Text(f"  {command}") for command in commands)]
