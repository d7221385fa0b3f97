"""The demo's three stories, as a committee meets them: the right status in the right month, for
the right reason, with the right first action. The months follow from the plan in closed form."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import demo_in_closed_form as closed
import duckdb
import pytest

from roi_pipeline import board, dossier, portfolio
from roi_pipeline.demo import LAST_MONTH, plan
from roi_pipeline.domain.calendar import add_months
from roi_pipeline.explain import Explained, opened
from roi_pipeline.explain.numbers import number_of

pytestmark = pytest.mark.slow
HURDLE = 0.12


@pytest.fixture(scope="module")
def folder(demo: tuple[Path, Any]) -> Path:
    folder, told = demo
    assert told.code == 0, told.out + told.err
    return folder


@pytest.fixture(scope="module")
def edition(folder: Path) -> Iterator[Explained]:
    with opened(portfolio.load(folder)) as found:
        yield found


def asked(folder: Path, query: str, *given: object) -> list[Any]:
    with duckdb.connect(str(folder / "marts" / "marts.duckdb"), read_only=True) as con:
        con.execute("use marts")
        return con.execute(query, given).fetchall()


def transitions(folder: Path, name: str) -> list[tuple[str, str, date, str | None]]:
    """To which status, by which rule, in which month, on which evidence."""
    return asked(
        folder,
        "select to_status, rule_id, month, evidence_months from status_transitions "
        "where system_id = ? order by month",
        name,
    )


def two_months_to(month: date) -> str:
    return f"{add_months(month, -1):%Y-%m}, {month:%Y-%m}"


def test_the_inspection_wears_off_and_is_to_be_maintained(folder: Path) -> None:
    """Recall falls from 96 % to 88 % in 18 months: the second month that cannot reach 12 %."""
    month = closed.second_in_a_row(plan.INSPECTION, HURDLE)
    assert transitions(folder, plan.INSPECTION) == [
        ("marginal_deterioration", "healthy_to_marginal", month, two_months_to(month))
    ]
    assert first_action(folder, plan.INSPECTION) == ("retrain", "quality")


def test_the_assistant_costs_more_than_it_brings(folder: Path) -> None:
    """It settles less and its tokens cost more: below the hurdle first, then below nothing."""
    marginal = closed.second_in_a_row(plan.SUPPORT, HURDLE)
    negative = closed.second_in_a_row(plan.SUPPORT, 0)
    recovered, *fall = transitions(folder, plan.SUPPORT)
    assert recovered[:2] == ("positive", "unrecovered_to_recovered")
    assert fall == [
        ("marginal_deterioration", "healthy_to_marginal", marginal, two_months_to(marginal)),
        ("decommission_review", "marginal_to_negative", negative, two_months_to(negative)),
    ]
    assert first_action(folder, plan.SUPPORT)[0] == "decommission"


def test_card_fraud_pays_back_and_stays(folder: Path) -> None:
    """Recovered in the first month in which even the least it may have brought covers the cost."""
    month = next(m for m in plan.MONTHS[3:] if closed.fraud_net_low(m) >= 0)
    assert transitions(folder, plan.FRAUD) == [
        ("positive", "unrecovered_to_recovered", month, f"{month:%Y-%m}")
    ]
    assert first_action(folder, plan.FRAUD)[0] == "keep"


def first_action(folder: Path, name: str) -> tuple[str, str]:
    """The option to look at first in the newest month, and the cause it is meant to help."""
    (found,) = asked(
        folder,
        "select option, dominant_cause from options_monthly "
        "where is_first_action and month = ? and system_id = ?",
        LAST_MONTH,
        name,
    )
    return found


@pytest.mark.parametrize("name", [plan.INSPECTION, plan.SUPPORT])
def test_the_bounds_of_settled_months_are_those_of_the_plan(folder: Path, name: str) -> None:
    """To a twentieth of a point: the plan says what rows are worth, not in which cell they lie."""
    found = dict(
        asked(
            folder,
            "select month, metric_high from threshold_status_monthly "
            "where system_id = ? and month between '2025-06-01' and '2026-08-01'",
            name,
        )
    )
    assert len(found) == 15
    for month, high in found.items():
        assert float(high) == pytest.approx(closed.roi_high(name, month), abs=5e-4), month


def test_what_people_have_to_decide_is_plain(folder: Path) -> None:
    """One question is answered, one is open and not late, and nothing is warned of."""
    standing = board.read(folder / "marts")
    questions = {row.system_id: row.reviews for row in standing.rows if row.reviews}
    (review,) = questions.pop(plan.SUPPORT)
    assert not questions
    assert (review.kind, review.is_overdue) == ("decommissioning", False)
    opened = add_months(closed.second_in_a_row(plan.SUPPORT, 0), 1)
    assert review.opened_on == opened
    assert not [check for check in standing.failed_checks if check.table == "status_reviews"]
    assert asked(
        folder,
        "select decision, decided_by from status_reviews where state = 'decided'",
    ) == [("retrain", "quality-board")]


def test_every_month_says_where_it_is_heading(folder: Path) -> None:
    """A forecast for each month, of each system in service and of all together; the portfolio's
    band is narrower than if everything went wrong at once."""
    found = asked(
        folder,
        "select system_id, count(distinct month), max(draws) from projection_monthly "
        "group by system_id order by system_id",
    )
    live = {name: sum(m >= plan.LIVE[name] for m in plan.MONTHS) for name in plan.SYSTEMS}
    live["portfolio"] = max(live.values())
    assert found == [(name, live[name], 100_000) for name in sorted(live)]
    ((low, mean, apart, means),) = asked(
        folder,
        "select any_value(cumulative_net_p5) filter (system_id = 'portfolio'), "
        "any_value(cumulative_net_mean) filter (system_id = 'portfolio'), "
        "sum(cumulative_net_p5) filter (system_id <> 'portfolio'), "
        "sum(cumulative_net_mean) filter (system_id <> 'portfolio') "
        "from projection_monthly where month = ? and horizon_month = '2027-10-01'",
        LAST_MONTH,
    )
    nobody = closed.unallocated_cost()
    assert float(mean) == pytest.approx(float(means) - nobody[0] - 12 * nobody[1], abs=1)
    assert low > apart - Decimal(nobody[0] + 12 * nobody[1])


@pytest.mark.parametrize(
    ("table", "name", "column"),
    [
        ("projection_monthly", plan.SUPPORT, "cumulative_net_p5"),
        ("options_monthly", plan.INSPECTION, "probability_best"),
        ("degradation_monthly", plan.INSPECTION, "expected_quality"),
        ("sensitivity_monthly", plan.FRAUD, "probability"),
    ],
)
def test_what_was_drawn_can_be_drawn_again(
    edition: Explained, table: str, name: str, column: str
) -> None:
    """The same seed, inputs and draws give the same number; another number is found out."""
    month = date(2026, 8, 1)  # not the newest, so drawn less often
    rows = edition.there.rows(table, month, name)
    row = next(row for row in reversed(rows) if row[column] is not None)
    number = number_of(edition.there, edition.walk, table, row, column, 1)
    assert number is not None
    assert number.is_recomputed is True
    assert number.lines
    assert number.parts["evidence months"] == "2026-06, 2026-07, 2026-08"
    if table != "degradation_monthly":
        assert number.parts["seed"] == row["seed"] > 0
        assert number.parts["draws"] == row["draws"] > 5_000
    wrong = row | {column: row[column] + Decimal("0.01")}
    found = number_of(edition.there, edition.walk, table, wrong, column, 1)
    assert found is not None
    assert found.is_recomputed is False


def test_the_dossier_holds_what_a_decision_needs(folder: Path) -> None:
    told = dossier.gather(portfolio.load(folder), plan.SUPPORT)
    page, text = dossier.html(told), dossier.markdown(told)
    assert {row["option"] for row in told.tables["options"]} >= {
        *("keep", "retrain", "renegotiate", "replace", "decommission")
    }
    wanted = [
        "Support assistant: ",
        "decommission review",
        "To be decided by 30 Nov 2026",
        "running it cost more than it brought in 2026-07, 2026-08",
        "customer-care",  # whom it belongs to
        "Look first at: decommission",
        "Aug 2026",  # history
        "hurdle rate annual",  # terms
        "review due days",
        told.edition.name,
        told.edition.inputs_sha256,
        told.now["inputs_sha256"],
        str(told.edition.tables["options_monthly"]["sha256"]),
    ]
    for words in wanted:
        assert words in " ".join(page.split()), words
    for words in set(wanted) - {"Support assistant: "}:
        assert words.replace("_", "\\_") in text, words
    shown = [row["month"] for row in told.tables["history"]]
    assert shown == [m for m in plan.MONTHS if m >= plan.LIVE[plan.SUPPORT]]
    assert page.count("<svg") == 2
