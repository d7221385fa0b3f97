"""The board says what the edition says, fits a narrow window, and needs no working database."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from roi_pipeline import board
from roi_pipeline.cli.board_look import BoardLook
from roi_pipeline.errors import RoiError


def shown(folder: Path, width: int) -> str:
    console = Console(width=width, no_color=True, force_terminal=False, record=True)
    with console.capture() as captured:
        console.print(BoardLook(board.read(folder / "marts")))
    return captured.get()


def test_every_number_is_the_editions(small: Path) -> None:
    standing = board.read(small / "marts")
    file = next((small / "marts").rglob(f"{standing.edition.name}/roi_monthly.parquet"))
    with duckdb.connect() as con:
        published = dict(
            con.execute(
                "select system_id, cumulative_net_cash from read_parquet(?) where month = ?",
                [str(file), date(2026, 10, 1)],
            ).fetchall()
        )
    assert [row.system_id for row in standing.rows] == ["card-watch", "claim-triage"]
    for row in (*standing.rows, standing.total):
        assert row.cumulative_net_cash == published[row.system_id]
    assert standing.unallocated == Decimal("12.40")  # 31 days of 0.40 that nobody claims
    assert standing.quarantined == 1


def test_the_working_database_is_not_needed(copy: Path, run: Callable) -> None:
    shutil.rmtree(copy / "state")
    assert run("status", "--portfolio", copy).code == 0
    assert not (copy / "state").exists()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_no_line_is_wider_than_the_window(small: Path, width: int) -> None:
    text = shown(small, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    for words in ("Card watch", "pre-breakeven", "urdle", "Portfolio", "keep (watch)"):
        assert words in text


def test_a_pipe_gets_no_colour_and_no_control_signs(small: Path, speak: Callable) -> None:
    told = speak(["status", "--portfolio", small])
    assert told.code == 0
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", told.out)
    assert max(len(line) for line in told.out.splitlines()) <= 60


def test_held_months_are_dots_and_a_reason_is_in_words(small: Path) -> None:
    text = shown(small, 60)
    assert "--·" in text
    assert "held: too few of its outcomes are in yet" in text


def breached(folder: Path) -> None:
    """Turn the last month of card-watch into a decommission review."""
    name = json.loads((folder / "marts" / "current.json").read_text())["edition"]
    file = folder / "marts" / name / "threshold_status_monthly.parquet"
    file.chmod(0o644)
    with duckdb.connect() as con:
        con.execute(f"create table t as from '{file}'")
        con.execute(
            "update t set status = 'decommission_review', recommended_action = 'open review' "
            "where system_id = 'card-watch' and month = '2026-10-01'"
        )
        con.execute(f"copy t to '{file}' (format parquet)")


def test_a_breach_comes_first_and_ends_with_4_where_asked(copy: Path, run: Callable) -> None:
    breached(copy)
    standing = board.read(copy / "marts")
    assert standing.breaches == ("card-watch",)
    assert standing.rows[0].since == date(2026, 10, 1)
    assert run("status", "--portfolio", copy).code == 0
    told = run("status", "--fail-on", "breach", "--json", "--portfolio", copy)
    assert told.code == 4
    assert told.json["board"]["breaches"] == ["card-watch"]
    again = run("run", "--month", "2026-10", "--fail-on", "breach", "--portfolio", copy)
    assert (again.code, again.out[:11]) == (4, "nothing new")


def test_json_keeps_every_digit(small: Path, run: Callable) -> None:
    document = run("status", "--json", "--portfolio", small).json["board"]
    triage = next(s for s in document["systems"] if s["system_id"] == "claim-triage")
    # 3 x 120.00 of labour, 92 days of 1.25, the server, a quarter of the licence
    cost = Decimal("360.00") + 92 * Decimal("1.25") + Decimal("1236.00") + Decimal("23.00")
    value = Decimal(triage["cumulative_net_cash"]) + cost
    assert value == Decimal("781.0")


def test_an_edition_that_is_gone_is_named(copy: Path) -> None:
    name = json.loads((copy / "marts" / "current.json").read_text())["edition"]
    shutil.rmtree(copy / "marts" / name)
    with pytest.raises(RoiError, match=name):
        board.read(copy / "marts")


def test_what_waits_for_people_is_on_the_board(small: Path) -> None:
    """An open review with its due day, what to look at first, and the evidence, in 60 columns."""
    standing = board.read(small / "marts")
    due = date(2026, 12, 1)
    review = board.Review("decommissioning", date(2026, 11, 1), "healthy_to_negative", due, True)
    first = board.FirstAction("rollback/t0", Decimal(1234), Decimal("0.81"))
    worn = replace(
        standing.rows[1], status="decommission_review", reviews=(review,), first_action=first
    )
    calm = standing.rows[0]
    told = replace(standing, rows=(worn, calm))
    console = Console(width=60, no_color=True, force_terminal=False, record=True)
    with console.capture() as captured:
        console.print(BoardLook(told))
    text = captured.get()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 60
    flat = " ".join(text.split())
    assert "decommissioning review overdue since 01 Dec 2026, opened 01 Nov 2026" in flat
    assert "look first at: rollback/t0, worth 1,234 USD, best with probability 0.81" in flat
    assert flat.count("evidence: ") == 2
    assert re.search(r"evidence: [\d,]+ outcomes, \d+ % linked, \d+ % in, grade C", flat)
