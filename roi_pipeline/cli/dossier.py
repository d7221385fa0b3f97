"""`dossier`: one page on one system, for people who decide. Knows where it is written and what the
answer says; what stands in it is in roi_pipeline/dossier.py."""

from pathlib import Path

import click
from rich.text import Text

from roi_pipeline import dossier, portfolio
from roi_pipeline.cli.frame import Answer, Frame, framed
from roi_pipeline.domain.calendar import parse_month
from roi_pipeline.words import STATUS

FOLDER = "dossiers"


@click.command("dossier")
@click.argument("system")
@click.option("--month", metavar="YYYY-MM", help="Up to this month; default: the last published.")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"The folder to write into; default: {FOLDER}/ of the portfolio.",
)
@framed
def dossier_command(frame: Frame, system: str, month: str | None, target: Path | None) -> Answer:
    """One page to decide on a system: evidence, options, history, terms and checksums.

    Written as HTML and as Markdown, from the published edition only.
    """
    found = portfolio.load(frame.folder)
    told = dossier.gather(found, system, parse_month(month) if month else None)
    folder = target or found.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{system}-{told.month:%Y-%m}"
    pages = {"html": dossier.html(told), "md": dossier.markdown(told)}
    files = {ending: folder / f"{stem}.{ending}" for ending in pages}
    for ending, text in pages.items():
        files[ending].write_text(text, encoding="utf-8")
    document = {
        "system_id": system,
        "month": told.month,
        "status": told.now["status"],
        "edition": told.edition.name,
        "story": dossier.story(told),
        "files": files,
    }
    words, style, _ = STATUS[told.now["status"]]
    shown = [
        Text.assemble((f"{told.system['name']}, {told.month:%B %Y}: ", "bold"), (words, style)),
        *(Text(sentence) for sentence in dossier.story(told)),
        Text(),
        *(Text(f"{file}") for file in files.values()),
    ]
    return Answer(document, tuple(shown))
