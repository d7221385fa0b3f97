"""The demo, as a person meets it: one command, under two minutes, in a narrow window."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(speak: Callable, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, float]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    start = monotonic()
    told = speak(["demo", folder])
    return folder, told, monotonic() - start


def test_it_ends_with_a_board_and_three_commands(demo: tuple[Path, Any, float]) -> None:
    _, told, seconds = demo
    assert told.code == 0, told.out + told.err
    assert seconds < 240  # two minutes on a machine that does nothing else
    assert told.out.count("roi-pipeline ") == 3
    for name in ("Card fraud scoring", "Part inspection", "Support assistant", "Delivery routing"):
        assert name in told.out
    assert "Traceback" not in told.err


def test_the_same_again_finds_nothing_new(demo: tuple[Path, Any, float], speak: Callable) -> None:
    again = speak(["demo", demo[0]])
    assert again.code == 0
    assert again.out.startswith("nothing new") or "published" in again.out


@pytest.mark.parametrize(
    ("table", "system", "column"),
    [
        ("roi_monthly", "card-fraud", "value"),
        ("roi_monthly", "portfolio", "tco_accrual"),
        ("threshold_status_monthly", "delivery-routing", "metric"),
        ("quality_monthly", "part-inspection", "recall"),
        ("ledger_monthly", "support-assistant", "amount"),
    ],
)
def test_an_october_number_adds_up(
    demo: tuple[Path, Any, float], speak: Callable, table: str, system: str, column: str
) -> None:
    told = speak(["explain", table, "2026-10", system, column, "--portfolio", demo[0]])
    assert told.code == 0, told.out[-500:]
    assert "DOES NOT ADD UP" not in told.out
