"""The command line: `roi-pipeline COMMAND`. Each module holds the commands of one subject; how all
of them talk is in frame.py."""

import gc

import click

from roi_pipeline import __version__
from roi_pipeline.cli.books import close_command, publish_command
from roi_pipeline.cli.doctor import doctor_command
from roi_pipeline.cli.dossier import dossier_command
from roi_pipeline.cli.looking import explain_command, init_command, status_command
from roi_pipeline.cli.measuring import baseline_command
from roi_pipeline.cli.review import review_command
from roi_pipeline.cli.running import demo_command, run_command

__all__ = ["main"]

# Python looks for garbage whenever so many objects are new. Most of a command's are modules, which
# stay: looking every 700, its default, takes a tenth of its CPU.
OBJECTS = 100_000


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="roi-pipeline")
def main() -> None:
    """Tells, every month and to the cent, whether AI systems earn their keep.

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 data refused or a blocking check
    failed and nothing was published, 4 done and a threshold is breached (with --fail-on breach).
    """
    gc.set_threshold(OBJECTS)


for command in (
    init_command,
    demo_command,
    run_command,
    close_command,
    status_command,
    explain_command,
    publish_command,
    review_command,
    dossier_command,
    doctor_command,
    baseline_command,
):
    main.add_command(command)
