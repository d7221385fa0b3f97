"""`run` and `demo`: bring the books up to date, publish, and say what came of it.

Knows what a run reports and what the receipts say of it; computes nothing. Dagster is imported only
when there is something to do.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click
import duckdb
from rich.console import RenderableType
from rich.text import Text

from roi_pipeline import board, notices, portfolio, warehouse
from roi_pipeline.books.scope import first_month
from roi_pipeline.cli import last_run
from roi_pipeline.cli.asked import Asked, asked
from roi_pipeline.cli.board_look import BoardLook, document
from roi_pipeline.cli.frame import Answer, Frame, fail_on_option, failing_on_breach, framed
from roi_pipeline.cli.unchanged import reason_to_run
from roi_pipeline.errors import CheckFailed, DataRefused, RoiError
from roi_pipeline.masking import masked
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish import editions
from roi_pipeline.words import count

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from roi_pipeline.automation import RunResult


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
@click.option("--from", "first", metavar="YYYY-MM", help="Check the months from this one on.")
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
    """Take in what landed, rebuild the months it touches, check them, publish an edition."""
    found = portfolio.load(frame.folder)
    wanted = asked(found, month, first, last, as_of)
    answer = run(found, wanted)
    return failing_on_breach(answer) if fail_on else answer


def run(found: Portfolio, wanted: Asked) -> Answer:
    """Run what was asked for, unless the current edition is already it."""
    reason = reason_to_run(found, wanted.through, wanted.first, wanted.as_of)
    if reason is None:
        standing = board.read(found.marts)
        line = Text(f"nothing new: edition {standing.edition.name} is current")
        told = {"published": False, "edition": standing.edition.name, "reason": "nothing new"}
        last_run.keep(found, told, is_good=True)
        notices.tell_published(found)  # what a dead receiver did not hear last time
        return Answer(told | {"board": document(standing)}, (line,))
    log.info("running, because %s", reason)
    from roi_pipeline import automation  # seconds of import, and only needed now

    before = editions.current(found.marts)
    started, clock = datetime.now(UTC), monotonic()
    result = automation.run(found, wanted.through, wanted.first, wanted.as_of)
    if result.edition:
        notices.tell_published(found)
    else:
        errors = [*result.refused, *filter(None, [result.error])]
        notices.tell_failed(found, result.failed_checks, errors)
    return _told(found, wanted.note, result, before, _intake(found, started), monotonic() - clock)


def _told(
    found: Portfolio,
    note: str | None,
    result: "RunResult",
    before: editions.Edition | None,
    intake: Intake,
    seconds: float,
) -> Answer:
    """The summary of a run, published or not."""
    now = editions.current(found.marts)
    told: dict[str, Any] = {
        "published": result.edition is not None,
        "edition": result.edition.name if result.edition else None,
        "current": now.name if now else None,
        "previous": before.name if before else None,
        "months": result.edition.months if result.edition else None,
        "seconds": round(seconds, 1),
        "intake": asdict(intake),
        "refused": [masked(reason) for reason in result.refused],
        "failed_checks": [asdict(check) for check in result.failed_checks],
        "error": masked(result.error) if result.error else None,
    }
    shown: list[RenderableType] = [*_intake_lines(intake), *_check_lines(result)]
    if note:
        shown.append(Text(note))
    last_run.keep(found, told, is_good=result.edition is not None)
    if result.edition is None:
        return _not_published(told, shown, result, before)
    standing = board.read(found.marts, result.edition)
    shown += [*_edition_lines(result.edition, now, seconds), Text(), BoardLook(standing)]
    return Answer(told | {"board": document(standing)}, tuple(shown))


def _not_published(
    told: dict[str, Any],
    shown: list[RenderableType],
    result: "RunResult",
    before: editions.Edition | None,
) -> Answer:
    """Nothing was published: why, and what readers still see."""
    whys = [why for text in result.refused if (why := _unlisted(text, told["intake"]["refused"]))]
    if result.error and not (result.failed_checks and "asset check failed" in result.error):
        whys.append(result.error)
    shown += [Text.assemble(("error: ", "bold red"), masked(why)) for why in whys]
    still = f"edition {before.name} stays current" if before else "there is no edition yet"
    shown.append(Text.assemble(("nothing published: ", "bold red"), still))
    return Answer(told | {"exit_code": _code(result)}, tuple(shown), _code(result))


def _unlisted(text: str, refused: Sequence[tuple[str, str]]) -> str:
    """What a failed step said beyond the rejections that are listed with the intake; mostly
    nothing, and a rejection is listed once."""
    text = masked(text)
    for _, reason in sorted(refused, key=lambda each: -len(each[1])):
        text = text.replace(reason, "")
    return text.strip("; ")


def _code(result: "RunResult") -> int:
    """2, 3 or 1: what the error that ended the run says, else what was refused or failed."""
    if any(check.is_blocking for check in result.failed_checks):
        return CheckFailed.exit_code
    if result.exit_code is not None:
        return result.exit_code
    return DataRefused.exit_code if result.refused else RoiError.exit_code


def _intake(found: Portfolio, since: datetime) -> Intake:
    """What the receipts of this run say, and the files it refused."""
    try:
        with warehouse.opened(found, read_only=True, wait_s=10) as con:
            sums = warehouse.rows(
                con,
                "select count(*), coalesce(sum(rows_read), 0), coalesce(sum(rows_accepted), 0), "
                "coalesce(sum(rows_quarantined), 0), coalesce(sum(rows_superseded), 0) "
                "from deliveries where received_at >= $since",
                {"since": since},
            )[0]
            refused = warehouse.rows(con, "select path, reason from refusals order by 1, 2")
    except (RoiError, duckdb.Error, OSError):
        return Intake(0, 0, 0, 0, 0, ())
    reasons = tuple((path, masked(why)) for path, why in refused)
    files, read, accepted, quarantined, superseded = (int(number) for number in sums)
    return Intake(files, read, accepted, quarantined, superseded, reasons)


def _intake_lines(intake: Intake) -> list[Text]:
    lines = []
    if intake.files:
        aside = f", {intake.rows_quarantined:,} set aside" if intake.rows_quarantined else ""
        twice = f", {intake.rows_superseded:,} superseded" if intake.rows_superseded else ""
        lines.append(
            Text(
                f"{count(intake.files, 'new file')}: {intake.rows_accepted:,} of "
                f"{count(intake.rows_read, 'row')} taken in{aside}{twice}"
            )
        )
    else:
        lines.append(Text("no new files"))
    for path, reason in intake.refused:
        told = reason if reason.startswith(path) else f"{path}: {reason}"
        lines.append(Text.assemble(("refused: ", "bold red"), told))
    return lines


def _check_lines(result: "RunResult") -> list[Text]:
    """Checks that did not hold, those that keep an edition from being published first."""
    found = sorted(result.failed_checks, key=lambda check: not check.is_blocking)
    return [
        Text.assemble(
            ("failed check: ", "bold red") if check.is_blocking else ("warning: ", "yellow"),
            f"{check.table}, {check.name}",
            f" ({count(check.failing, 'row')})" if check.failing else "",
            f": {masked(check.error or check.description)}",
        )
        for check in found
    ]


def _edition_lines(
    edition: editions.Edition, now: editions.Edition | None, seconds: float
) -> list[Text]:
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
