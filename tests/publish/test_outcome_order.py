"""Outcomes may come in any order: the history that is left is the same (method §6, §8)."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from runner import run, write_reference
from small_company import SYSTEMS, put

MARCH = date(2026, 3, 1)
HEADER = "prediction_id,observed_at,outcome\n"
TERMS = {
    **{"min_maturity": 0.5, "min_coverage": 0.5, "min_predictions": 20, "grace_months": 0},
    **{"consecutive_months": 1, "evidence_window_months": 1},
}
STORY = ("threshold_status_monthly", "status_transitions", "status_reviews", "options_monthly")


def agree(folder: Path) -> None:
    """Terms that let three months decide, and a process before to compare with."""
    (folder / "reference" / "terms.csv").write_text(
        "system_id,term,value,unit,valid_from,version,approved_by,approved_at,document,sha256\n"
        + "".join(
            f"{system},{term},{value},,2026-01-01,1,finance,2025-12-01T00:00:00Z,contract.pdf,\n"
            for system in SYSTEMS
            for term, value in TERMS.items()
        )
    )
    window = (500, 0.001, "2025-06-01", "2025-12-01")
    rows = [(system, 1, "policy", 0, "USD per case", *window) for system in SYSTEMS]
    write_reference(folder, "baselines", *rows)


def pieces(folder: Path, count: int) -> list[str]:
    """Every outcome once or twice, dealt by chance; a first verdict that was wrong came earlier.

    From February on whatever card-fraud let pass was bad, so that its outcomes decide against it.
    """
    dice, lines = random.Random(5), []
    for file in sorted((folder / "inbox" / "outcomes").iterdir()):
        for line in file.read_text().splitlines()[1:]:
            key, at, outcome = line.split(",")
            if key >= "2026-02" and int(key[-5:]) % 2 == 0:
                outcome = "bad"
            lines.append(f"{key},{at},{outcome}")
            if dice.random() < 0.3:
                before = datetime.fromisoformat(at) - timedelta(days=dice.randint(1, 9))
                lines.append(f"{key},{before.isoformat()},{'good' if outcome == 'bad' else 'bad'}")
        file.unlink()
    dice.shuffle(lines)
    return [HEADER + "\n".join(lines[k::count]) + "\n" for k in range(count)]


def told(folder: Path, arrivals: Sequence[Sequence[tuple[int, str]]]) -> list[dict[str, list]]:
    """The story that every run tells, each after some more files have come."""
    found = []
    for k, arrived in enumerate(arrivals):
        for place, (name, text) in enumerate(arrived):
            at = datetime(2026, 6, 1 + k, place, tzinfo=UTC)
            put(folder, f"outcomes/part-{name}.csv", text, at)
        edition = folder / "marts" / run(folder, MARCH).name
        found.append(
            {
                name: duckdb.sql(f"from '{edition}/{name}.parquet' order by all").fetchall()
                for name in STORY
            }
        )
    return found


@pytest.mark.slow
def test_the_order_of_outcomes_leaves_no_trace(again: Callable[[], Path]) -> None:
    """Three files, one of them seen by a run of its own, and the same the other way round."""
    one, other = again(), again()
    for folder in (one, other):
        agree(folder)
    parts = list(enumerate(pieces(one, 3)))
    pieces(other, 3)
    early, last = told(one, [parts[:1], parts[1:]])
    (backwards,) = told(other, [parts[::-1]])
    for name in STORY:
        assert last[name] == backwards[name], name
    assert [row[:4] for row in last["status_transitions"]] == [
        (date(2026, 2, 1), "card-fraud", "pre_breakeven", "decommission_review")
    ]
    for name in STORY[:2]:  # what was known on the way was another story
        assert early[name] != last[name]
