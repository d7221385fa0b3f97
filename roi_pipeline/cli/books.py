"""`close` and `publish`: what happens to editions and closed months without a rebuild.

Knows which edition is current and that only what was published may be closed or published again.
"""

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

import click
from rich.text import Text

from roi_pipeline import portfolio
from roi_pipeline.books import session
from roi_pipeline.books.session import Session
from roi_pipeline.cli.frame import Answer, Frame, framed
from roi_pipeline.domain.calendar import add_months, parse_month
from roi_pipeline.errors import RoiError
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish import closing, editions
from roi_pipeline.publish.editions import Edition
from roi_pipeline.warehouse import rows

WAIT_S = 60.0
# What closing a month changes by itself, so it may differ from the edition.
SHOWS_CLOSED = "dim_month"


@click.command("close")
@click.argument("month", metavar="YYYY-MM")
@click.option("--by", "closed_by", metavar="NAME", help="Who closes; default: the login name.")
@framed
def close_command(frame: Frame, month: str, closed_by: str | None) -> Answer:
    """Close the books up to a month: from then on it says what it said."""
    last = parse_month(month)
    found = portfolio.load(frame.folder)
    name = closed_by or getpass.getuser()
    with _at_edition(found) as (opened, edition):
        closed = closing.close(opened, last, name)
        through = rows(opened.con, "select max(month) from closing")[0][0]
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
    through: date,
    name: str,
    edition: Edition,
    opens: date,
) -> Iterator[Text]:
    """What is closed, and what happens from now on."""
    if not closed:
        yield Text(f"closed already: everything through {through:%Y-%m}")
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
    """Publish the books as they stand again, without a rebuild: after `close`, or a lost file."""
    found = portfolio.load(frame.folder)
    with _at_edition(found) as (opened, edition):
        closing.refuse_moved(
            opened, edition, [n for n in edition.tables if n != SHOWS_CLOSED], None
        )
        opened.build_mart(SHOWS_CLOSED)
        editions.refuse_unready(opened)
        new = editions.publish(opened)
    is_same = new.name == edition.name
    document = {"edition": new.name, "previous": edition.name, "months": new.months}
    what = "is current, unchanged" if is_same else f"is current, in the place of {edition.name}"
    return Answer(
        document, (Text.assemble(("published ", "bold green"), f"edition {new.name} {what}"),)
    )


@contextmanager
def _at_edition(found: Portfolio) -> Iterator[tuple[Session, Edition]]:
    """The books, open at the months and the cut-off of the current edition."""
    edition = editions.current(found.marts)
    if edition is None:
        raise RoiError(f"{found.marts}: nothing is published yet; run `roi-pipeline run` first")
    last = date.fromisoformat(f"{edition.months[-1]}-01")
    as_of = datetime.fromisoformat(edition.as_of).replace(tzinfo=None)
    with session.opened(found, last, as_of, wait_s=WAIT_S) as opened:
        closing.refuse_reopened(opened.con, found)
        yield opened, edition
