"""`review`: put a human decision on record, and say what it opens or closes.

Knows the options and the words of the answer; what may be recorded is in reviewing.py.
"""

from collections.abc import Iterator
from datetime import date

import click
from rich.text import Text

from roi_pipeline import portfolio, reviewing
from roi_pipeline.cli.asked import today
from roi_pipeline.cli.frame import Answer, Frame, framed
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.reviewing import DECISIONS, HARD_STOP, KINDS, Decision, Standing


@click.command("review")
@click.argument("system")
@click.option("--decision", type=click.Choice(DECISIONS), required=True)
@click.option("--by", "decided_by", metavar="NAME", required=True, help="Who decided.")
@click.option("--rationale", metavar="TEXT", required=True, help="Why, in a sentence.")
@click.option("--on", "day", metavar="YYYY-MM-DD", help="When it was decided; default: today.")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="What was reviewed; default: the open review, else scheduled. hard_stop stops the system "
    "at once, whatever the evidence.",
)
@framed
def review_command(
    frame: Frame,
    system: str,
    decision: str,
    decided_by: str,
    rationale: str,
    day: str | None,
    kind: str | None,
) -> Answer:
    """Record a human decision on a system as a row of reference/reviews.csv."""
    found = portfolio.load(frame.folder)
    now = today(found)
    before = reviewing.standing(found, found.system(system).id)
    asked = str(before.review["kind"]) if before.review else "scheduled"
    decided = Decision(
        system, _day(day) if day else now, kind or asked, decision, decided_by, rationale
    )
    file = reviewing.record(found, decided, now)
    told = {
        "recorded": {name: getattr(decided, name) for name in Decision.__dataclass_fields__},
        "file": file,
        "answers": before.review["review_id"] if before.review else None,
    }
    return Answer(told, tuple(_lines(frame, decided, before)))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"--on {text!r} is not a day: write YYYY-MM-DD") from None


def _lines(frame: Frame, decided: Decision, before: Standing) -> Iterator[Text]:
    yield Text.assemble(
        ("recorded ", "bold green"),
        f"{decided.decision} for {decided.system_id}, decided by {decided.decided_by} on "
        f"{decided.decided_on}",
    )
    yield Text(_consequence(decided, before))
    yield Text(f"Next: roi-pipeline run{frame.option}")


def _consequence(decided: Decision, before: Standing) -> str:
    """What the row will do when the next run reads it."""
    if decided.kind == HARD_STOP:
        return (
            f"It opens a decommissioning review of {decided.system_id} in "
            f"{decided.decided_on:%Y-%m}; only a later decision to continue, and months of good "
            "evidence, end it."
        )
    if before.review is None:
        return f"No review of {decided.system_id} was open; it stands as {decided.kind}."
    question = f"the {before.review['kind'].replace('_', '-')} review opened on "
    question += f"{before.review['opened_on']} ({before.review['opened_by_rule']})"
    if decided.decided_on < before.review["opened_on"]:
        return f"It is older than {question}, which stays open."
    if before.review["kind"] == "decommissioning":
        ends = (
            "the status is lifted once months of good evidence follow"
            if decided.decision == "continue"
            else "the status stays until a decision to continue"
        )
        return f"It answers {question}; {ends}."
    return f"It answers {question}; the status follows the evidence."
