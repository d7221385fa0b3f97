"""`doctor`: a run in a state that is thrown away, reported as `run` reports it, and hints.

Knows how the answer ends; what stops a run, and what it says of it, is the run's own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.text import Text

from roi_pipeline import portfolio
from roi_pipeline.cli.asked import asked
from roi_pipeline.cli.frame import Answer, Frame, framed
from roi_pipeline.cli.running import carried_out, result_document, result_lines
from roi_pipeline.masking import masked
from roi_pipeline.pipeline import rehearsal
from roi_pipeline.pipeline.run import Run
from roi_pipeline.publish.monthly import MonthlyResult, rehearse

if TYPE_CHECKING:
    from roi_pipeline.examination import Hint


@click.command("doctor")
@click.option("--month", metavar="YYYY-MM", help="The last month to run; default: the last ended.")
@framed
def doctor_command(frame: Frame, month: str | None) -> Answer:
    """Rehearse a run: say what would stop it, and store and publish nothing.

    Every file that a run would ingest is read, by the same code, into a state that is thrown away;
    what was delivered is checked, and priced. `ready to run` means that a run goes through, unless
    computing or checking a published table ends it: those are not built. Ends with the exit code
    of that run. A hint is worth knowing and stops no run.
    """
    from roi_pipeline import examination

    found = portfolio.load(frame.folder)
    wanted = asked(found, month, None, None, None)
    hints = [*examination.of_portfolio(found)]
    started = datetime.now(UTC)

    def work(opened: Run) -> MonthlyResult:
        result = rehearse(opened)
        hints.extend(examination.of_deliveries(opened, started))
        hints.extend(examination.of_tables(opened, {each.dataset for each in result.refused}))
        return result

    result, intake = carried_out(rehearsal.opened(found, wanted.through), work)
    document = {
        "ready": result.exit_code == 0,
        "exit_code": result.exit_code,
        **result_document(result, intake),
        "hints": [asdict(hint) for hint in hints],
    }
    shown = [*result_lines(result, intake, wanted.note), *_hint_lines(hints), _verdict(result)]
    return Answer(document, tuple(shown), result.exit_code)


def _hint_lines(hints: Iterable["Hint"]) -> Iterator[Text]:
    for hint in hints:
        said = f"{hint.where}: {hint.what}; {hint.remedy}"
        yield Text.assemble(("hint: ", "yellow"), masked(said))


def _verdict(result: MonthlyResult) -> Text:
    if result.exit_code:
        return Text("a run would publish nothing", style="bold red")
    return Text("ready to run", style="bold green")
