"""The dossier: one page that a committee can read, print and check, made of the edition only."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from roi_pipeline import charts, dossier, portfolio

HOSTILE = "<script>alert(1)</script>|[x](http://evil)\n# new"
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def told(small: Path) -> dossier.Dossier:
    return dossier.gather(portfolio.load(small), "claim-triage", date(2026, 10, 1))


def test_it_is_written_twice_and_told(small: Path, run: Run, tmp_path: Path) -> None:
    found = run("dossier", "claim-triage", "--to", tmp_path, "--json", "--portfolio", small)
    assert found.code == 0, found.err
    assert found.json["status"] == "pre_breakeven"
    assert "has not paid back its investment yet" in found.json["story"][0]
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "claim-triage-2026-10.html",
        "claim-triage-2026-10.md",
    ]


def test_the_page_stands_alone(told: dossier.Dossier) -> None:
    page = dossier.html(told)
    assert len(page.encode()) < 500_000
    assert not re.search(r"https?:|<script|<link|@import|url\(|<img", page)
    assert page.count("<svg") == 2
    for name in ("threshold_status_monthly", "roi_monthly", "status_reviews"):
        assert str(told.edition.tables[name]["sha256"]) in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert "hurdle rate annual" in page
    assert page == dossier.html(told)


def test_numbers_are_those_of_the_edition(told: dossier.Dossier) -> None:
    net = f"{told.money['cumulative_net_cash'].quantize(1):,}"
    assert net in dossier.html(told)
    assert net in dossier.markdown(told)
    assert [row["month"].month for row in told.tables["history"]] == [8, 9, 10]


def test_no_value_becomes_markup(told: dossier.Dossier) -> None:
    review = {
        **{"kind": HOSTILE, "state": "recorded", "opened_on": date(2026, 9, 1), "due_on": None},
        **{"decision": HOSTILE, "decided_on": date(2026, 9, 1), "decided_by": HOSTILE},
        **{"rationale": HOSTILE, "opened_by_rule": None, "is_overdue": False},
    }
    option = {
        **{"rank": 1, "option": HOSTILE, "npv": None, "probability_best": None},
        **{"assumptions": HOSTILE, "missing_reason": None, "is_first_action": True},
        **{"net_change": None, "dominant_cause": HOSTILE, "horizon_months": 12},
    }
    hostile = replace(told, tables={**told.tables, "reviews": [review], "options": [option]})
    hostile = replace(hostile, system={**told.system, "name": HOSTILE, "owner": HOSTILE})
    page, text = dossier.html(hostile), dossier.markdown(hostile)
    assert "<script" not in page
    assert "<script" not in text
    assert not re.search(r"(?<!\\)\]\(http", text)
    assert "\n# new" not in text
    rows = [line for line in text.splitlines() if line.startswith("|") and "alert" in line]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6, 7}


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("claim-triage", "--month", "2026-07"), 1, "no status of 'claim-triage' in 2026-07"),
        (("claim-trage",), 2, "did you mean"),
    ],
)
def test_what_is_not_there(
    small: Path, run: Run, more: tuple[str, ...], code: int, said: str
) -> None:
    found = run("dossier", *more, "--portfolio", small)
    assert found.code == code
    assert said in " ".join(found.err.split())


def test_a_chart_draws_what_there_is() -> None:
    months = [date(2026, month, 1) for month in range(1, 7)]
    series = charts.Series(
        months,
        [0.1, None, 0.3, 0.2, -0.1, -0.2],
        [0.0, None, 0.2, 0.1, -0.2, -0.3],
        [0.2, None, 0.4, 0.3, 0.0, -0.1],
        [("hurdle & more", 0.12)],
    )
    drawn = charts.svg(series, 'a "title"', is_percent=True)
    assert drawn.count("<circle") == 5
    assert drawn.count("<polygon") == 1
    assert "hurdle &amp; more" in drawn
    assert "+40 %" in drawn
    numbers = [float(n) for n in re.findall(r'c[xy]="([\d.-]+)"', drawn)]
    assert all(0 <= number <= charts.WIDTH for number in numbers)
    flat = charts.svg(charts.Series(months[:1], [0.0]), "flat", is_percent=False)
    assert flat.count("<circle") == 1
