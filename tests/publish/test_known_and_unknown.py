"""What the marts say of delay, orphans, drift and development, against counts anyone can make."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from runner import books, said
from small_portfolio import MONTHS, TRIAGE, WATCH, days, small_portfolio

from roi_pipeline.marts.development import Cohort, developed
from roi_pipeline.marts.quality import drift

AUGUST, SEPTEMBER, OCTOBER = MONTHS


@pytest.mark.slow
def test_delay_duplicates_orphans_and_latency(tmp_path: Path) -> None:
    with books(small_portfolio(tmp_path / "small"), SEPTEMBER) as opened:
        rows = said(
            opened,
            "select month, system_id, predictions, linked_outcomes, duplicate_outcomes, "
            "orphan_outcomes, round(median_outcome_delay_days), latency_ms_p50 "
            "from marts.quality_monthly order by 1, 2",
        )
    found = {(month, system): values for month, system, *values in rows}
    # A day has two claims, known after 2 days, and three payments, known after 10; the first
    # payment of a month was observed twice; each month has one outcome that nobody predicted.
    assert found[AUGUST, TRIAGE][:5] == [62, 62, 0, 0, 2]
    assert found[SEPTEMBER, TRIAGE][:4] == [60, 56, 0, 0]
    assert found[AUGUST, WATCH][:4] == [93, 93, 1, 0]
    assert 7 < found[AUGUST, WATCH][4] <= 14
    assert found[SEPTEMBER, WATCH][:4] == [90, 60, 1, 0]
    assert found[AUGUST, "unallocated"][3] == found[SEPTEMBER, "unallocated"][3] == 1
    assert found[AUGUST, TRIAGE][5] is None  # its log has no latency
    latencies = sorted(5 + n % 30 for n in range(3 * len(days(AUGUST))))
    assert found[AUGUST, WATCH][5] == pytest.approx(latencies[len(latencies) // 2], abs=3)


def test_drift_is_measured_against_the_first_month_with_enough_scores() -> None:
    score = {
        (AUGUST, "s", "v"): {500: 20},
        (SEPTEMBER, "s", "v"): {100: 500, 900: 500},
        (OCTOBER, "s", "v"): {100: 900, 900: 100},
    }
    assert drift(score, (AUGUST, "s", "v"))["score_psi"] is None  # 20 scores are no reference
    assert drift(score, (SEPTEMBER, "s", "v"))["score_psi"] == 0
    october = drift(score, (OCTOBER, "s", "v"))
    assert (october["score_reference_month"], october["score_reference_n"]) == (SEPTEMBER, 1000)
    assert october["score_psi"] == pytest.approx(0.877, abs=0.005)  # 0.4 ln 1.8 + 0.4 ln 5
    assert october["score_psi_by_chance"] == 0.002
    assert drift(score, (OCTOBER, "s", "other")) == {}


def test_a_month_is_developed_by_those_before_it() -> None:
    """Half of a month's gains comes in the month after: 50 now is 100 in the end."""
    as_of = datetime(2026, 11, 1)
    values = {
        AUGUST: {0: Decimal(50), 1: Decimal(50)},
        SEPTEMBER: {0: Decimal(40), 1: Decimal(40)},
        OCTOBER: {0: Decimal(60)},
    }
    cohorts = [
        Cohort(AUGUST, 100, 100, is_final=True),
        Cohort(SEPTEMBER, 100, 99, is_final=False),
        Cohort(OCTOBER, 100, 50, is_final=False),
    ]
    assert developed(cohorts, values, as_of) == [
        ("complete", 1.0, Decimal(1)),
        ("chain_ladder", 1.0, Decimal("1.0")),
        ("chain_ladder", 0.5, Decimal("2.0")),
    ]
    # Ten known outcomes say little: 60 is in, and half of what a decision of August brought is not.
    few = [*cohorts[:2], Cohort(OCTOBER, 100, 10, is_final=False)]
    assert developed(few, values, as_of)[2] == (
        "bornhuetter_ferguson",
        0.5,
        Decimal("1.833333"),  # (60 + 0.5 * 100) / 60
    )
    unfinished = [Cohort(AUGUST, 100, 99, is_final=False), *cohorts[1:]]
    assert developed(unfinished, values, as_of)[2][2] is None  # nobody knows how a month ends
