"""A small company with known answers: four systems, 24 months, the same bytes for the same seed.

`write` lays down its portfolio as files; `expected` says, from the parameters alone, what any
reader of those files must find.
"""

import shutil
from datetime import date
from pathlib import Path

from roi_pipeline.demo.answers import Expected, expected
from roi_pipeline.demo.bills import write_bills
from roi_pipeline.demo.ledgers import write_ledgers
from roi_pipeline.demo.logs import write_logs
from roi_pipeline.demo.plan import END, MONTHS
from roi_pipeline.demo.reference import write_reference
from roi_pipeline.errors import ConfigurationError

SEED = 20261101
FIRST_MONTH: date = MONTHS[0]
LAST_MONTH: date = MONTHS[-1]

__all__ = ["END", "FIRST_MONTH", "LAST_MONTH", "SEED", "Expected", "expected", "write"]


def write(folder: Path, seed: int = SEED) -> Path:
    """Write the demo portfolio into `folder`, which must be new or empty; returns the folder.

    All or nothing: a folder appears under its name only when it is complete. The same seed gives
    the same bytes and file times. Raises ConfigurationError when something is there already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{folder}: something is there already; name a new folder, or remove this one"
        )
    part = folder.with_name(f".part-{folder.name}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    write_reference(part)
    write_bills(part)
    write_ledgers(part)
    write_logs(part, seed)
    part.replace(folder)
    return folder
