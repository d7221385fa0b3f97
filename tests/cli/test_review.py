"""`review` puts a decision on record: appended, never edited, refused when it cannot be meant."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

TODAY = datetime.now(UTC).date()  # may be yesterday when a test runs
Run = Callable[..., Any]


def decide(run: Run, folder: Path, *more: object, system: str = "claim-triage") -> Any:
    given = ("--decision", "continue", "--by", "board", "--rationale", "it pays, still")
    return run("review", system, *given, *more, "--portfolio", folder)


def test_a_decision_is_a_row_more(copy: Path, run: Run) -> None:
    file = copy / "reference" / "reviews.csv"
    before = file.read_bytes()
    told = decide(run, copy, "--on", "2026-11-02")
    assert (told.code, told.err) == (0, "")
    assert "No review of claim-triage was open" in told.out
    line = b'claim-triage,2026-11-02,scheduled,continue,board,"it pays, still"\n'
    assert file.read_bytes() == before + line
    decide(run, copy, "--kind", "hard_stop", "--json")
    assert file.read_bytes().startswith(before + line)
    days = (datetime.now(UTC).date() - timedelta(days=1), datetime.now(UTC).date())
    rows = tuple(f"claim-triage,{day},hard_stop," for day in days)
    assert file.read_text().splitlines()[-1].startswith(rows)


def test_what_stands_in_the_file_is_not_touched(copy: Path, run: Run) -> None:
    file = copy / "reference" / "reviews.csv"
    file.write_bytes(
        b"\xef\xbb\xbfrationale,system_id,decided_on,kind,decision,decided_by,note\r\n"
        b"ok,claim-triage,2026-09-01,scheduled,continue,board,x"
    )
    before = file.read_bytes()
    assert decide(run, copy, "--on", "2026-11-02").code == 0
    row = b'\r\n"it pays, still",claim-triage,2026-11-02,scheduled,continue,board,\r\n'
    assert file.read_bytes() == before + row
    file.unlink()
    assert decide(run, copy, "--on", "2026-11-02").code == 0
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("more", "system", "told"),
    [
        (("--on", str(TODAY + timedelta(days=9))), "claim-triage", "lies ahead of today"),
        (("--on", "2026-07-31"), "claim-triage", "before claim-triage was invested in"),
        (("--on", "31.10.2026"), "claim-triage", "write YYYY-MM-DD"),
        (("--rationale", " "), "claim-triage", "say why"),
        (("--by", ""), "claim-triage", "name who decided"),
        ((), "claim-trage", "did you mean"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    small: Path, run: Run, more: tuple[str, ...], system: str, told: str
) -> None:
    before = (small / "reference" / "reviews.csv").read_bytes()
    found = decide(run, small, *more, system=system)
    assert (found.code, found.out) == (2, "")
    assert told in " ".join(found.err.split())
    assert (small / "reference" / "reviews.csv").read_bytes() == before
