"""`close` and `publish`: closed months, and the edition that shows them."""

import getpass
from collections.abc import Iterator, Sequence
from datetime import date, datetime

import click
from rich.text import Text

from roi_pipeline import portfolio
from roi_pipeline.cli.frame import Answer, Frame, framed
from roi_pipeline.domain.calendar import add_months, parse_month
from roi_pipeline.errors import CheckFailed, RoiError
from roi_pipeline.pipeline import run as pipeline_run
from roi_pipeline.pipeline.journal import Journal
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish import closing, editions
from roi_pipeline.publish.editions import Edition
from roi_pipeline.publish.monthly import build_and_publish
from roi_pipeline.quality import blocking


@click.command("close")
@click.argument("month", metavar="YYYY-MM")
@click.option("--by", "closed_by", metavar="NAME", help="Who closes; default: the login name.")
@framed
def close_command(frame: Frame, month: str, closed_by: str | None) -> Answer:
    """Close the books up to a month: from then on it says what it said."""
    last = parse_month(month)
    found = portfolio.load(frame.folder)
    name = closed_by or getpass.getuser()
    closed = closing.close(found, last, name)
    edition = _current(found)
    through = max(Journal(found.state / "journal").closings(), default=None)
    opens = add_months(through or last, 1)
    document = {
        "closed": [f"{each:%Y-%m}" for each in closed],
        "closed_by": name if closed else None,
        "closed_through": f"{through:%Y-%m}" if through else None,
        "edition": edition.name,
        "first_open": f"{opens:%Y-%m}",
    }
    return Answer(document, tuple(_closed(frame, closed, through, name, edition, opens)))


def _closed(
    frame: Frame,
    closed: Sequence[date],
    through: date | None,
    name: str,
    edition: Edition,
    opens: date,
) -> Iterator[Text]:
    """What is closed, and what happens from now on."""
    if not closed:
        yield Text(
            f"closed already: everything through {through:%Y-%m}" if through else "nothing to close"
        )
        return
    months = f"{closed[0]:%Y-%m}" + (f" to {closed[-1]:%Y-%m}" if len(closed) > 1 else "")
    yield Text.assemble(("closed ", "bold green"), f"{months}, by {name}, as in {edition.name}")
    yield Text(
        f"Their rows stay as they are. What arrives late for them is booked in {opens:%Y-%m}, the "
        "first open month, as lines `restatement/<month>/…`, and listed in `restatements` with "
        "the file that caused it. Closing cannot be undone."
    )
    yield Text(f"Next: roi-pipeline publish{frame.option}")


@click.command("publish")
@framed
def publish_command(frame: Frame) -> Answer:
    """Publish what was ingested so far again: after `close`, or when a published file was lost."""
    found = portfolio.load(frame.folder)
    edition = _current(found)
    last = date.fromisoformat(f"{edition.months[-1]}-01")
    as_of = datetime.fromisoformat(edition.as_of).replace(tzinfo=None)
    with pipeline_run.opened(found, last, as_of) as opened:
        if tuple(opened.state.leaves.active_ids()) != edition.deliveries:
            raise RoiError(
                f"other deliveries are active than those edition {edition.name} was made from: "
                "run `roi-pipeline run`, which checks and publishes them"
            )
        result = build_and_publish(opened)
    if result.edition is None:
        named = ", ".join(f"{one.table} {one.name}" for one in blocking(result.failed_checks))
        raise CheckFailed(f"{named}: failed; nothing was published")
    new = result.edition
    what = (
        "is current, unchanged" if new.name == edition.name else f"is current, not {edition.name}"
    )
    document = {"edition": new.name, "previous": edition.name, "months": new.months}
    return Answer(
        document, (Text.assemble(("published ", "bold green"), f"edition {new.name} {what}"),)
    )


def _current(found: Portfolio) -> Edition:
    edition = editions.current(found.marts)
    if edition is None:
        raise RoiError(f"{found.marts}: nothing is published yet; run `roi-pipeline run` first")
    return edition
