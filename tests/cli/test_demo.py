"""The demo, as a person meets it: one command, in a narrow window."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_it_ends_with_a_board_and_three_commands(demo: tuple[Path, Any]) -> None:
    _, told = demo
    assert told.code == 0, told.out + told.err
    assert told.out.partition("Try next")[2].count("roi-pipeline ") == 3
    for name in ("Card fraud scoring", "Part inspection", "Support assistant", "Delivery routing"):
        assert name in told.out
    assert "Traceback" not in told.err


def test_the_same_again_finds_nothing_new(demo: tuple[Path, Any], speak: Callable) -> None:
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
        ("projection_monthly", "portfolio", "cumulative_net_p5"),
        ("serving_mode_comparison_monthly", "delivery-routing", "value"),
    ],
)
def test_an_october_number_adds_up(
    demo: tuple[Path, Any], speak: Callable, table: str, system: str, column: str
) -> None:
    told = speak(["explain", table, "2026-10", system, column, "--portfolio", demo[0]])
    assert told.code == 0, told.out[-500:]
    assert "DOES NOT ADD UP" not in told.out
