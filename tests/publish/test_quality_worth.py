"""Where net value falls as quality rises, what rests on quality is not ranked and its effect is not
published as if it were right; everywhere else net value rises with quality."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from test_no_baseline import APRIL, books, company, failed, rows

from roi_pipeline import board, dossier, portfolio, quality
from roi_pipeline.cli.board_look import document
from roi_pipeline.marts import choices, projections
from roi_pipeline.publish import editions

WHY = "quality_has_no_worth"
OPTIONS = """system_id,option,one_off_cost,expected_quality,currency,valid_from,source_document
agent,retrain,100,0.95,USD,2026-01-01,offer
agent,replace,100,0.97,USD,2026-01-01,offer
agent,quantise,100,0.79,USD,2026-01-01,offer
agent,rollback,10,,USD,2026-01-01,offer
agent,renegotiate,10,,USD,2026-01-01,offer
agent,decommission,10,,USD,2026-01-01,offer
"""
VERSIONS = """system_id,model_version,deployed_on,rollback_possible
agent,v0,2025-01-01,true
agent,v1,2026-01-01,true
"""
ON_QUALITY = {"retrain", "replace", "quantise", "rollback", "rollback/v0"}


@dataclass(frozen=True)
class Edition:
    """What an edition says of a system in its last month."""

    folder: Path
    tables: dict[str, list[dict[str, Any]]]
    failed: list[tuple[str, str]]


def edition_of(folder: Path, price: str) -> Edition:
    company(folder, {"agent": "baseline"}, price)
    for name, text in (("options", OPTIONS), ("model_versions", VERSIONS)):
        (folder / "reference" / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as few:
        for module, name in ((choices, "DRAWS"), (projections, "DRAWS")):
            few.setattr(module, name, 500)
        few.setattr(projections, "EARLIER_DRAWS", 500)
        with books(folder, APRIL) as opened:
            editions.publish(opened)
            names = ("options", "sensitivity", "degradation", "projection", "economics")
            tables = {
                name: [r for r in rows(opened, f"{name}_monthly", "agent") if r["month"] == APRIL]
                for name in names
            }
            period = quality.period(date(2026, 1, 1), APRIL)
            checked = [
                one
                for name in ("options_monthly", "sensitivity_monthly", "degradation_monthly")
                for one in quality.validate(opened.con, name, name, period)
            ]
            bad = failed(opened) + [(one.table, one.name) for one in quality.blocking(checked)]
            return Edition(folder, tables, bad)


@pytest.fixture(scope="module", params=["-2", "-40"])
def wrong(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """A right decision is worth less than a wrong one."""
    return edition_of(tmp_path_factory.mktemp("wrong") / "acme", request.param)


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edition]:
    """A right decision is worth more than a wrong one."""
    return edition_of(tmp_path_factory.mktemp("right") / "acme", "2")


def test_what_rests_on_quality_is_not_ranked(wrong: Edition) -> None:
    assert wrong.tables["economics"][-1]["unit_value"] < 0
    options = {row["option"]: row for row in wrong.tables["options"]}
    for name in ON_QUALITY:
        assert (options[name]["missing_reason"], options[name]["rank"]) == (WHY, None), name
        assert options[name]["npv"] is None
    ranked = {name for name, row in options.items() if row["rank"]}
    assert ranked == {"keep", "renegotiate", "decommission"}
    effects = ("dominant_cause", "quality_effect", "price_effect", "volume_effect")
    assert {row[name] for row in options.values() for name in effects} == {None}


def test_what_is_carried_on_is_worth_what_a_month_is_worth(wrong: Edition) -> None:
    """A fall of quality raises nothing: the level of the window is held."""
    keep = next(row for row in wrong.tables["options"] if row["option"] == "keep")
    months = wrong.tables["economics"]
    net = float(months[-1]["value"] - months[-1]["avoidable"])
    assert float(keep["npv"]) == pytest.approx(net * 12 / 1.062, rel=0.02)
    ahead = wrong.tables["projection"]
    first, last = ahead[0], ahead[-1]
    slope = float(last["cumulative_net_mean"] - first["cumulative_net_mean"]) / (len(ahead) - 1)
    assert slope == pytest.approx(net, rel=0.1)


def test_no_sensitivity_and_no_crossing_states_an_effect_of_quality(wrong: Edition) -> None:
    found = wrong.tables["sensitivity"]
    on_quality = [
        row
        for row in found
        if (
            row["parameter"] in ("quality", "unit_value", "error_cost")
            and row["scenario"] != "as_now"
        )
        or (row["analysis"] == "grid" and row["input"] > 0)
    ]
    assert {row["analysis"] for row in on_quality} == {
        *("tornado", "threshold", "elasticity", "degradation", "grid")
    }
    for row in on_quality:
        numbers = ("net_value", "npv", "breakeven_month", "crossing_in_months", "elasticity")
        assert {row[name] for name in numbers} == {None}, row
        assert row["missing_reason"] == WHY
    others = [row for row in found if row["analysis"] == "tornado" and row not in on_quality]
    assert {row["parameter"] for row in others} == {"volume", "cost"}
    assert all(row["net_value"] is not None for row in others)
    (wear,) = wrong.tables["degradation"]
    assert (wear["crossing_reason"], wear["retrain_reason"]) == (WHY, WHY)
    numbers = ("break_even_quality", "crossing_in_months", "value_lost_per_month")
    assert {wear[name] for name in (*numbers, "retrain_interval_months")} == {None}
    assert wear["expected_quality"] is not None
    assert wrong.failed == []


def test_board_and_dossier_say_why(wrong: Edition) -> None:
    (row,) = document(board.read(wrong.folder / "marts"))["systems"]
    assert row["options_reason"] == WHY
    found = dossier.gather(portfolio.load(wrong.folder), "agent")
    for page in (dossier.html(found), dossier.markdown(found)):
        assert "a right decision brings no more than a wrong one" in page
        assert "None" not in page


def test_elsewhere_net_value_rises_with_quality(right: Edition) -> None:
    bars = {
        row["scenario"]: row["net_value"]
        for row in right.tables["sensitivity"]
        if (row["analysis"], row["parameter"]) == ("tornado", "quality")
    }
    assert bars["low"] < bars["high"]
    ranked = {row["option"] for row in right.tables["options"] if row["rank"]}
    assert ranked >= {"keep", "retrain", "replace", "quantise", "decommission"}
    assert right.tables["degradation"][0]["crossing_reason"] != WHY
    assert right.failed == []
    (row,) = document(board.read(right.folder / "marts"))["systems"]
    assert row["options_reason"] is None
