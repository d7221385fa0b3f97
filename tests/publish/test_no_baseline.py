"""Value without a baseline, holdout or release is no return: it is null for the named reason where
it is read, and a gross loss is a loss. With a holdout or a release it needs no baseline."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from runner import books, write_portfolio, write_reference
from small_company import BILL, put

from roi_pipeline import board, dossier, portfolio, quality
from roi_pipeline.cli.board_look import document
from roi_pipeline.explain import opened as explained
from roi_pipeline.explain.columns import EXPLAINED
from roi_pipeline.marts import choices, projections
from roi_pipeline.pipeline.run import Run
from roi_pipeline.publish import editions

JANUARY, APRIL = date(2026, 1, 1), date(2026, 4, 1)
MONTHS = (1, 2, 3, 4)
DESIGNS = ("holdout", "release", "baseline")
CHECKED = ("roi_monthly", "roi_by_mode_monthly", "roi_by_grade_monthly", "threshold_status_monthly")
Cases = Iterable[tuple[str, str, str, str]]  # decision, outcome, arm, propensity


def cases(design: str, month: int) -> Cases:
    """120 decisions; every fifth is wrong. A tenth is held out, or a tenth of blocks released."""
    for k in range(120):
        outcome = "bad" if k % 2 else "good"
        decision = "flag" if (k % 2) == (k % 5 > 0) else "pass"
        if design == "holdout":
            yield decision, outcome, "control" if k % 10 == 3 else "treatment", ""
        elif design == "release" and decision == "flag":
            yield decision, outcome if k % 10 < 2 else "", "", "0.2"
        elif design == "late_holdout" and month > 2:
            yield decision, outcome, "control" if k % 10 == 3 else "treatment", ""
        else:
            yield decision, outcome, "", ""


def company(folder: Path, systems: dict[str, str], price: str = "2") -> Path:
    """Systems by how their value is known; of all four months, each flagged bad case is worth so
    much, and running each costs 30 a month."""
    write_portfolio(
        folder,
        systems=[
            {
                **{"id": name, "name": name, "scenario": "decision_matrix"},
                **{"invested_on": "2026-01-01", "live_on": "2026-01-01"},
                "positive": {"decision": ["flag"], "outcome": ["bad"]},
                "outcome_horizon_days": 10,
            }
            for name in systems
        ],
        sources=[
            {"dataset": name, "path": f"inbox/{name}/*"}
            for name in ("billing", "predictions", "outcomes")
        ],
    )
    prices = (("flag/bad", price), ("flag/good", "-1"), ("pass/bad", "0"), ("pass/good", "0"))
    write_reference(
        folder,
        "prices",
        *((name, pair, "case", p, "USD", "2026-01-01") for name in systems for pair, p in prices),
    )
    write_reference(
        folder,
        "baselines",
        *(
            (name, "1", "policy", 0, "USD", 900, 0.01, "2025-01-01", "2025-12-31")
            for name, design in systems.items()
            if design == "baseline"
        ),
    )
    write_reference(
        folder, "cost_categories", (1, "billing", "tags", "app", "glob", "*", "{value}")
    )
    for month in MONTHS:
        _deliver(folder, month, systems)
    return folder


def _deliver(folder: Path, month: int, systems: dict[str, str]) -> None:
    first, after = f"2026-{month:02d}-01", f"2026-{month + 1:02d}-01"
    days = f"{first}T00:00:00Z,{after}T00:00:00Z,{first}T00:00:00Z,{first}T01:00:00Z"
    bill = [
        f'acc,{days},Usage,line {name},30,30,USD,S,Compute,"{{""app"": ""{name}""}}",'
        "2026-05-20T00:00:00Z\n"
        for name in systems
    ]
    put(folder, f"billing/{month}.csv", BILL + "".join(bill))
    predictions = [
        "prediction_id,predicted_at,system_id,model_version,decision,serving_mode,arm,propensity"
    ]
    outcomes = ["prediction_id,observed_at,outcome"]
    for name, design in systems.items():
        for k, (decision, outcome, arm, propensity) in enumerate(cases(design, month)):
            at = datetime(2026, month, 1 + k % 20, 12, tzinfo=UTC)
            key, mode = f"{name}-{month}-{k}", ("batch", "realtime")[k % 3 % 2]
            predictions.append(
                f"{key},{at.isoformat()},{name},v1,{decision},{mode},{arm},{propensity}"
            )
            if outcome:
                outcomes.append(f"{key},{(at + timedelta(days=2)).isoformat()},{outcome}")
    put(folder, f"predictions/{month}.csv", "\n".join(predictions) + "\n")
    put(folder, f"outcomes/{month}.csv", "\n".join(outcomes) + "\n")


@pytest.fixture(scope="module", autouse=True)
def _few_draws() -> Iterable[None]:
    with pytest.MonkeyPatch.context() as few:
        for module in (choices, projections):
            few.setattr(module, "DRAWS", 500)
        few.setattr(projections, "EARLIER_DRAWS", 500)
        yield


def failed(opened: Run) -> list[tuple[str, str]]:
    """The critical checks that would stop a company."""
    found = [
        one
        for name in CHECKED
        for one in quality.validate(opened.con, name, name, quality.period(JANUARY, APRIL))
    ]
    assert len(found) > 20
    return [(one.table, one.name) for one in quality.blocking(found)]


def rows(opened: Run, table: str, system_id: str) -> list[dict[str, Any]]:
    """The rows of a system, oldest first."""
    query = f"from {table} where system_id = ? order by month"
    return opened.con.execute(query, [system_id]).pl().to_dicts()


@pytest.mark.parametrize("design", DESIGNS)
def test_value_known_by_any_design_counts_in_every_mode(tmp_path: Path, design: str) -> None:
    """The modes add up to the value, so that the company is published; and a status is reached."""
    with books(company(tmp_path / "acme", {"agent": design}), APRIL) as opened:
        assert failed(opened) == []
        money = rows(opened, "roi_monthly", "agent")
        assert all(row["value"] for row in money)
        assert [row["missing_reason"] for row in money] == [None] * 4
        modes = rows(opened, "roi_by_mode_monthly", "agent")
        assert len({row["serving_mode"] for row in modes}) == 2
        assert sum(row["value"] for row in modes) == sum(row["value"] for row in money)
        status = rows(opened, "threshold_status_monthly", "agent")[-1]
        assert (status["held_reason"], status["metric"] is None) == (None, False)


@pytest.mark.parametrize("price", ["2", "-2", "0.01"])
def test_value_that_nothing_is_compared_with_is_no_return(tmp_path: Path, price: str) -> None:
    """A gain is null for its reason and a loss is a loss; neither is a return of -100 %."""
    folder = company(tmp_path / "acme", {"agent": "none", "measured": "baseline"}, price)
    with books(folder, APRIL) as opened:
        assert failed(opened) == []
        editions.publish(opened)
        gross = rows(opened, "roi_monthly", "agent")[-1]["gross_value"]
        assert gross
        assert (gross < 0) == (Decimal(price) < 1)
        for row in rows(opened, "roi_monthly", "agent"):
            assert row["value"] == (row["gross_value"] if gross < 0 else None)
            assert row["net_cash"] == (row["value"] - row["tco_cash"] if gross < 0 else None)
            assert row["missing_reason"] == "no_baseline"
            unknown = {
                *("roi_cumulative_cash", "roi_cumulative_accrual", "roi_trailing_12", "npv"),
                *("pv_roi", "irr_annual", "mirr_annual", "incremental_roi", "window_value"),
                *("breakeven_month_projected", "breakeven_band", "risk_adjusted_npv"),
                *("risk_adjusted_roi", "with_indirect_roi", "equivalent_monthly_value"),
                "cumulative_net_cash_low",
            }
            assert {name for name in unknown if row[name] is not None} == set()
        for row in rows(opened, "threshold_status_monthly", "agent"):
            assert row["held_reason"] == "no_baseline"
            assert {row[n] for n in ("metric", "metric_low", "metric_high")} == {None}
            assert row["status"] == "pre_breakeven"
        for table in ("options_monthly", "projection_monthly", "sensitivity_monthly"):
            assert {row["missing_reason"] for row in rows(opened, table, "agent")} == {
                "no_baseline"
            }
        for row in rows(opened, "economics_monthly", "agent"):
            assert (row["missing_reason"], row["cumulative_net"]) == ("no_baseline", None)
        for row in rows(opened, "roi_by_mode_monthly", "agent"):
            assert (row["value"] is None) == (gross > 0)
            assert row["roi_cumulative_accrual"] is None
            assert row["missing_reason"] == "no_baseline"
        for row in rows(opened, "roi_by_grade_monthly", "agent"):
            assert row["roi_cumulative_cash_or_better"] is None


@pytest.mark.parametrize("price", ["2", "-2"])
def test_a_total_with_a_part_unknown_is_no_return_either(tmp_path: Path, price: str) -> None:
    """The portfolio's value is the sum of what is known, a loss included; its return is null."""
    folder = company(tmp_path / "acme", {"agent": "none", "measured": "baseline"}, price)
    with books(folder, APRIL) as opened:
        for total, part, other in zip(
            *(rows(opened, "roi_monthly", name) for name in ("portfolio", "measured", "agent")),
            strict=True,
        ):
            assert total["value"] == part["value"] + (other["value"] or 0)
            assert total["gross_value"] == other["gross_value"]
            assert total["missing_reason"] == "no_baseline"
            for name in ("net_cash", "cumulative_net_cash", "roi_cumulative_cash", "npv"):
                assert total[name] is None, name
            assert total["incremental_roi"] is None
            assert part["roi_cumulative_cash"] is not None


def test_a_total_of_nothing_known_is_not_zero(tmp_path: Path) -> None:
    with books(company(tmp_path / "acme", {"agent": "none"}), APRIL) as opened:
        assert {row["value"] for row in rows(opened, "roi_monthly", "portfolio")} == {None}
        assert {row["cumulative_value"] for row in rows(opened, "roi_monthly", "portfolio")} == {
            None
        }


def test_months_before_a_holdout_are_no_evidence_and_no_gain(tmp_path: Path) -> None:
    """From March a tenth is held out: the months before bring nothing to the return."""
    with books(company(tmp_path / "acme", {"agent": "late_holdout"}), APRIL) as opened:
        assert failed(opened) == []
        january, february, march, april = rows(opened, "roi_monthly", "agent")
        assert (january["value"], february["value"]) == (None, None)
        assert april["cumulative_value"] == march["value"] + april["value"]
        assert january["roi_cumulative_cash"] is None
        assert april["roi_cumulative_cash"] is not None
        held = [row["held_reason"] for row in rows(opened, "threshold_status_monthly", "agent")]
        assert held == ["no_baseline", "no_baseline", None, None]
        windows = [
            row["window_months"] for row in rows(opened, "threshold_status_monthly", "agent")
        ]
        assert windows == [None, None, "2026-03", "2026-03, 2026-04"]


@pytest.mark.parametrize("price", ["2", "-2"])
def test_board_dossier_and_explain_say_why(tmp_path: Path, price: str) -> None:
    folder = company(tmp_path / "acme", {"agent": "none"}, price)
    with books(folder, APRIL) as opened:
        editions.publish(opened)
    (row,) = document(board.read(folder / "marts"))["systems"]
    assert (row["metric"], row["held_reason"], row["is_breach"]) == (None, "no_baseline", False)
    assert row["value"] == (row["gross_value"] if price == "-2" else None)
    assert row["gross_value"] != 0
    found = dossier.gather(portfolio.load(folder), "agent")
    for page in (dossier.html(found), dossier.markdown(found)):
        assert "no baseline, holdout or release" in page
        assert "-100" not in page
        assert "earns its keep" not in page
        assert "None" not in page
    with explained(portfolio.load(folder)) as edition:
        for table in ("roi_monthly", "threshold_status_monthly"):
            for column in EXPLAINED[table]:
                assert edition.explain(table, APRIL, "agent", column).adds_up, (table, column)
