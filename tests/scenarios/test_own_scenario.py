"""A user adds a scenario of his own: one file in his portfolio's folder, and nothing else."""

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from cases import cell
from command_line import said as command
from runner import books, said
from small_portfolio import MONTHS, TRIAGE, days, put, small_portfolio, triage_decided

from roi_pipeline import workbench
from roi_pipeline.errors import ConfigurationError, DataRefused
from roi_pipeline.models.registry import load
from roi_pipeline.pipeline import guards
from roi_pipeline.pipeline.guards import refuse_unnamed_positives
from roi_pipeline.portfolio import load as read_portfolio
from roi_pipeline.scenario_examination import own_scenarios

OWN = Path(__file__).with_name("document_processing.sql")
PRICES = f"""
{TRIAGE},page_typed,page,-0.50,USD,2026-08-01,,,time study
"""
BASELINES = f"""
{TRIAGE},2,pages_per_document,4,pages,300,0.1,2026-01-01,2026-06-30,baseline.pdf
"""


@pytest.fixture
def portfolio(tmp_path: Path) -> Path:
    """The small portfolio, whose claims are now documents."""
    folder = small_portfolio(tmp_path / "acme")
    shutil.copytree(folder, tmp_path / "before")
    (folder / "sql" / "value").mkdir(parents=True)
    shutil.copy(OWN, folder / "sql" / "value")
    replace(folder / "portfolio.yaml", "scenario: decision_matrix", "scenario: document_processing")
    for table, rows in (("prices", PRICES), ("baselines", BASELINES)):
        file = folder / "reference" / f"{table}.csv"
        put(file, file.read_text() + rows.lstrip(), MONTHS[0])
    return folder


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    put(file, text.replace(old, new), MONTHS[0])


def test_one_file_and_a_whole_month_of_books(portfolio: Path) -> None:
    answer = doctor(portfolio)
    assert (answer["ready"], [hint for hint in answer["hints"] if "sql/" in hint["where"]]) == (
        True,
        [],
    )
    decided = Counter(triage_decided(n) for n in range(2 * len(days(MONTHS[0]))))
    typed = sum(n for (decision, _), n in decided.items() if decision != "approve")
    typed += decided["approve", "bad"]
    with books(portfolio, MONTHS[1]) as opened:
        found = dict(
            said(
                opened,
                "select driver, amount from marts.value_attribution_monthly "
                f"where system_id = '{TRIAGE}' and month = '2026-08-01' and view = 'cohort'",
            )
        )
        value = said(
            opened,
            "select value, gross_value from marts.roi_monthly "
            f"where system_id = '{TRIAGE}' and month = '2026-08-01'",
        )
    want = {
        "page_typed": Decimal("-0.5") * 3 * typed,
        "baseline_page_typed": Decimal("0.5") * 4 * sum(decided.values()),
    }
    assert found == want
    assert value == [(sum(want.values()), 0)]


def test_doctor_runs_its_worked_example_and_says_what_differs(portfolio: Path) -> None:
    own = portfolio / "sql" / "value" / OWN.name
    replace(own, "cast(3 as", "cast(2 as")
    answer = [f"{hint.where}: {hint.what}" for hint in own_scenarios(portfolio)]
    assert answer == [
        f"sql/value/{OWN.name}: the example's value_priced lacks wrong, page_typed, 6, -3",
        f"sql/value/{OWN.name}: the example's value_priced has besides wrong, page_typed, 4, -2",
    ]
    put(own, own.read_text().partition("/* example")[0], MONTHS[0])
    assert [hint.what for hint in own_scenarios(portfolio)] == ["no worked example"]


@pytest.mark.slow
def test_a_file_that_cannot_run_is_named_by_doctor_and_by_a_run(portfolio: Path) -> None:
    replace(portfolio / "sql" / "value" / OWN.name, "-b.value", "-b.worth")
    (hint,) = own_scenarios(portfolio)
    assert (hint.where, "worth" in hint.what) == (f"sql/value/{OWN.name}", True)
    with (
        pytest.raises(ConfigurationError, match=r"sql/value/document_processing.sql: .*worth"),
        books(portfolio, MONTHS[0]),
    ):
        pass


def test_what_a_scenario_counts_with_is_asked_for(portfolio: Path) -> None:
    """A metric that is missing is a hint; without a `positive` neither doctor nor a run begins."""
    replace(portfolio / "reference" / "baselines.csv", "pages_per_document", "other")
    (portfolio / "inbox").rename(portfolio / "not delivered yet")
    answer = doctor(portfolio)
    assert {
        "where": "reference/baselines.csv",
        "what": f"no pages_per_document of '{TRIAGE}': without it the whole value is gross",
        "remedy": "measure it, or keep it as gross",
    } in answer["hints"]
    replace(
        portfolio / "portfolio.yaml", "    positive: {decision: [approve], outcome: [good]}\n", ""
    )
    with pytest.raises(ConfigurationError, match=r"systems.claim-triage.positive: missing") as no:
        refuse_unnamed_positives(read_portfolio(portfolio), load(portfolio / "sql"))
    assert doctor(portfolio)["error"] == str(no.value)


def doctor(folder: Path) -> dict:
    """What `doctor` says to machines."""
    return command("doctor", "--json", "--month", "2026-10", "--portfolio", folder).json


def refused(guard: str, tables: dict[str, list[dict[str, object]]]) -> None:
    """What a run does when it has built a guard, over a few rows."""
    con, found = workbench.empty()
    workbench.open_books(con, found, [guard])
    setting: list[dict[str, object]] = [{"reporting_currency": "USD", "time_zone": "UTC"}]
    for table, rows in {"setting": setting, **tables}.items():
        workbench.give(con, table, rows)
    rows = con.execute(f"from {guard} order by all").pl().to_dicts()
    guards.refuse(guard, rows, None, found)  # type: ignore[arg-type]


def test_a_window_that_reaches_go_live_is_refused_by_a_run() -> None:
    system: dict[str, object] = {"system_id": "s", "scenario": "x", "live_on": "2026-08-01"}
    row = {"row_no": 4, "system_id": "s", "metric": "recall"}
    before = {"systems": [system], "baselines": [{**row, "window_end": "2026-07-31"}]}
    refused("late_baseline", before)
    reaches = {"systems": [system], "baselines": [{**row, "window_end": "2026-08-01"}]}
    with pytest.raises(DataRefused, match=r"baselines.csv: row 4, recall of s: window_end"):
        refused("late_baseline", reaches)


def test_a_term_that_is_missing_stops_the_run_and_is_named() -> None:
    system = {"system_id": "s", "scenario": "customer_service", "positive_decisions": ["answer"]}
    given = {
        "systems": [{**system, "positive_outcomes": ["settled"]}],
        "outcome_cells": [{"cell_id": "c", "system_id": "s", **cell("handoff", "settled", 3)}],
    }
    with pytest.raises(DataRefused, match=r"human_contact of s .* capacity_release_share in terms"):
        refused("uncounted_driver", given)


def test_a_rate_told_of_something_else_stops_the_run() -> None:
    system = {"system_id": "s", "scenario": "quality_control", "positive_decisions": ["reject"]}
    metric = {"system_id": "s", "version": "1", "unit": "fraction", "window_end": "2025-12-31"}
    given = {
        "systems": [{**system, "positive_outcomes": ["defect"]}],
        "baselines": [
            {**metric, "metric": "escape_rate", "value": "0.03"},
            {**metric, "metric": "false_reject_rate", "value": "0.01"},
        ],
        "outcome_cells": [{"cell_id": "c", "system_id": "s", **cell("pass", "good", 3)}],
    }
    with pytest.raises(DataRefused, match=r"needs escape_rate \(units or defects\) in baselines"):
        refused("uncounted_driver", given)
