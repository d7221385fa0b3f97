"""`roi-pipeline baseline`: the process before, measured from its own log."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_portfolio import TRIAGE, small_portfolio

from roi_pipeline.cli import main

LOG = """day,hours,was_wrong,fraud,stopped
2026-03-02T09:00:00Z,0.04,no,1,1
2026-03-02T10:00:00Z,0.06,no,1,0
2026-03-03T09:00:00Z,0.05,yes,0,0
2026-03-04T09:00:00Z,0.05,no,0,1
"""
METRICS = (
    *("--mean", "hours_per_decision=hours:hours", "--rate", "error_rate=was_wrong"),
    *("--rate", "recall=stopped/fraud", "--per-day", "decisions_per_day:decisions"),
)
WANT = f"""\
system_id,version,metric,value,unit,n,standard_error,window_start,window_end,source_document
{TRIAGE},m1,hours_per_decision,0.05,hours,4,0.004082483,2026-03-02,2026-03-04,old.csv
{TRIAGE},m1,error_rate,0.25,fraction,4,0.166781355,2026-03-02,2026-03-04,old.csv
{TRIAGE},m1,recall,0.5,fraction,2,0.206875635,2026-03-02,2026-03-04,old.csv
{TRIAGE},m1,decisions_per_day,1.333333333,decisions,3,0.333333333,2026-03-02,2026-03-04,old.csv
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.csv").write_text(LOG)
    return small_portfolio(tmp_path / "acme")


def measured(folder: Path, *more: str) -> Result:
    given = ("--system", TRIAGE, "--at", "day", "--version", "m1", "--portfolio", str(folder))
    return CliRunner().invoke(
        main, ["baseline", str(folder.parent / "old.csv"), *given, *more], env={"COLUMNS": "60"}
    )


def test_it_prints_rows_for_the_table(folder: Path) -> None:
    told = measured(folder, *METRICS)
    assert (told.exit_code, told.stdout) == (0, WANT)


def test_it_adds_them_once(folder: Path) -> None:
    table = folder / "reference" / "baselines.csv"
    before = table.read_text()
    assert measured(folder, *METRICS, "--write").exit_code == 0
    assert table.read_text() == before + WANT.partition("\n")[2]
    again = measured(folder, *METRICS, "--write")
    assert again.exit_code == 2
    told = " ".join(again.stderr.split())  # where lines break depends on the folder's name
    assert "claim-triage, m1, hours_per_decision is there already" in told
    assert table.read_text() == before + WANT.partition("\n")[2]


REFUSED = {
    "go-live": ("2026-03-04", "2026-08-01", 3, "went live on 2026-08-01"),
    "a negative number": ("0.06", "-1", 3, "row 2, hours: '-1' is not a number of 0 or more"),
    "no number": ("0.06", "nan", 3, "row 2, hours: 'nan' is not a number"),
    "no flag": ("yes", "perhaps", 3, "row 3, was_wrong: 'perhaps' is not true or false"),
    "no day": ("2026-03-03", "03/03/2026", 3, "row 3, day: '03/03/2026T09:00:00Z' is not a day"),
    "no column": ("hours", "hour", 3, "no column 'hours'; use one of day, hour,"),
    "a rate of nothing": ("Z,0.0", "Z,0.0", 3, "recall: no cases"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nonsense_is_refused(folder: Path, name: str) -> None:
    old, new, code, message = REFUSED[name]
    text = LOG.replace(old, new)
    if name == "a rate of nothing":
        text = text.replace(",1,1\n", ",0,1\n").replace(",1,0\n", ",0,0\n")
    (folder.parent / "old.csv").write_text(text)
    told = measured(folder, *METRICS)
    assert told.exit_code == code
    assert message in " ".join(told.stderr.split())


def test_an_empty_log_and_an_empty_question(folder: Path) -> None:
    (folder.parent / "old.csv").write_text(LOG.partition("\n")[0] + "\n")
    assert "no cases" in measured(folder, *METRICS).stderr
    assert measured(folder).exit_code == 2
    assert measured(folder, "--mean", "hours").exit_code == 2
