"""`baseline`: the process before a system, from a log of its cases."""

from pathlib import Path

import click
from rich.text import Text

from roi_pipeline import portfolio
from roi_pipeline.cli.frame import Answer, Frame, framed
from roi_pipeline.errors import ConfigurationError


@click.command("baseline")
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--system", "system_id", required=True, help="Whose process before it was.")
@click.option("--at", required=True, metavar="COLUMN", help="When a case was decided.")
@click.option("--mean", "means", multiple=True, metavar="METRIC=COLUMN[:UNIT]")
@click.option("--rate", "rates", multiple=True, metavar="METRIC=COLUMN[/AMONG][:UNIT]")
@click.option("--per-day", "per_day", multiple=True, metavar="METRIC[:UNIT]")
@click.option("--version", default="1", show_default=True, help="Of this measurement.")
@click.option("--write", "is_written", is_flag=True, help="Add the rows to baselines.csv.")
@framed
def baseline_command(
    frame: Frame,
    log: Path,
    system_id: str,
    at: str,
    means: tuple[str, ...],
    rates: tuple[str, ...],
    per_day: tuple[str, ...],
    version: str,
    is_written: bool,
) -> Answer:
    """Measure the process before a system from a log of its cases, CSV or Parquet.

    Gives rows for reference/baselines.csv: value, number of cases, standard error, window. For
    example `--mean hours_per_decision=hours:hours --rate error_rate=was_wrong --rate
    recall=stopped/fraud --per-day decisions_per_day`. Cases from go-live on are refused.
    """
    from roi_pipeline import measuring

    found = portfolio.load(frame.folder)
    kinds = (("mean", means), ("rate", rates), ("per_day", per_day))
    wanted = [measuring.asked(kind, text) for kind, texts in kinds for text in texts]
    if not wanted:
        raise ConfigurationError("name a metric: --mean, --rate or --per-day (see --help)")
    rows = measuring.measure(log, at, wanted, found.system(system_id), version)
    file = found.reference / "baselines.csv"
    if is_written:
        measuring.add(file, rows)
    if not (frame.as_json or frame.is_quiet):  # lines of a file, so no window may wrap them
        lines = [",".join(measuring.COLUMNS), *(",".join(row.values()) for row in rows)]
        click.echo("\n".join(lines))
    told = (Text(f"added to {file}", style="bold green"),) if is_written else ()
    return Answer({"rows": rows, "written": is_written}, told)
