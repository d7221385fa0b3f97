"""The edges of months, of zones and of what is known: each row falls where the calendar of the
portfolio says, and what is missing stops the run and is named (promises 13, 14, 19, 22, 26)."""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from runner import books, run, said, write_portfolio, write_prices_of
from small_company import BILL, put, write_prices

from roi_pipeline.errors import DataRefused
from roi_pipeline.publish.editions import current

JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))


def log_company(
    folder: Path,
    predictions: Sequence[tuple[str, str]],
    outcomes: Sequence[tuple[str, str, str]],
    **keys: object,
) -> Path:
    """One system that flags or passes: predictions of (instant, decision), named by their
    number, and outcomes of (number, instant, outcome). A right flag is worth 7, a right pass 2."""
    source = {"columns": {"system_id": "=model", "model_version": "=v1"}}
    settings: dict[str, object] = {
        "systems": [
            {
                "id": "model",
                "name": "model",
                "scenario": "decision_matrix",
                "invested_on": "2026-01-01",
                "live_on": "2026-01-01",
                "positive": {"decision": ["flag"], "outcome": ["bad"]},
                "outcome_horizon_days": 40,
            }
        ],
        "sources": [
            {"dataset": "predictions", "path": "inbox/predictions/*", **source, **keys},
            {"dataset": "outcomes", "path": "inbox/outcomes/*", **keys},
            {"dataset": "operating_costs", "path": "inbox/operating_costs/*"},
        ],
    }
    zone = {"time_zone": keys["time_zone"]} if "time_zone" in keys else {}
    write_portfolio(folder, **settings, **zone)
    prices = {"flag/bad": 7, "pass/good": 2, "flag/good": -5, "pass/bad": -9}
    write_prices_of(folder, "model", prices)
    rows = [f"{k},{at},{decision}\n" for k, (at, decision) in enumerate(predictions)]
    put(folder, "predictions/log.csv", "prediction_id,predicted_at,decision\n" + "".join(rows))
    rows = [f"{k},{at},{outcome}\n" for k, at, outcome in outcomes]
    put(folder, "outcomes/log.csv", "prediction_id,observed_at,outcome\n" + "".join(rows))
    entry = "entry_id,document_on,amount,currency,category,system_id\n"
    put(folder, "operating_costs/log.csv", f"{entry}e1,2026-01-31,10,USD,labour,model\n")
    return folder


def test_months_of_one_class_or_none(tmp_path: Path) -> None:
    """Only right passes, only right flags, nothing known: each class is counted by itself, an
    absent one is 0, and what is not known has a reason (promise 26)."""
    predictions = [
        *((f"2026-01-{day:02d}T12:00:00Z", "pass") for day in range(1, 5)),
        *((f"2026-02-{day:02d}T12:00:00Z", "flag") for day in range(1, 4)),
        *((f"2026-03-{day:02d}T12:00:00Z", "flag") for day in range(1, 3)),
    ]
    outcomes = [
        *(("0123"[k], "2026-01-20T00:00:00Z", "good") for k in range(4)),
        *(("456"[k], "2026-02-20T00:00:00Z", "bad") for k in range(3)),
    ]
    with books(log_company(tmp_path / "acme", predictions, outcomes), MARCH) as opened:
        quality = said(
            opened, "select month, n, tp, fp, fn, tn from marts.quality_monthly where n > 0"
        )
        value = said(
            opened,
            "select month, gross_value, missing_reason from marts.roi_monthly "
            "where system_id = 'model' order by 1",
        )
        rates = said(
            opened,
            "select month, precision, recall from marts.quality_monthly where n > 0 order by 1",
        )
    assert sorted(quality) == [(JANUARY, 4, 0, 0, 0, 4), (FEBRUARY, 3, 3, 0, 0, 0)]
    assert rates == [(JANUARY, None, None), (FEBRUARY, 1, 1)]  # nothing was flagged: no precision
    assert [row[:2] for row in value] == [(JANUARY, 8), (FEBRUARY, 21), (MARCH, 0)]
    assert value[2][2] is not None


@pytest.mark.slow
def test_what_nobody_knows_yet_has_a_reason(tmp_path: Path) -> None:
    predictions = [("2026-01-05T12:00:00Z", "flag")]
    with books(log_company(tmp_path / "acme", predictions, []), JANUARY) as opened:
        rows = said(
            opened,
            "select value, incremental_roi, missing_reason from marts.roi_monthly "
            "where system_id = 'model'",
        )
        quality = said(opened, "select n, predictions, accuracy from marts.quality_monthly")
        assert quality == [(0, 1, None)]
    assert rows == [(None, None, "no_baseline")]  # method §4.1: nothing to compare with


def test_the_last_microsecond_of_a_month(tmp_path: Path) -> None:
    """23:59:59.999999 and 00:00 are two months, in predictions and in observations (19)."""
    predictions = [
        ("2026-01-31T23:59:59.999999Z", "flag"),
        ("2026-02-01T00:00:00Z", "pass"),
        ("2026-01-31T23:30:00-01:00", "pass"),  # half past midnight in UTC
    ]
    outcomes = [
        ("0", "2026-02-28T23:59:59.999999Z", "bad"),
        ("1", "2026-03-01T00:00:00Z", "good"),
        ("2", "2026-03-01T00:00:00Z", "good"),
    ]
    with books(log_company(tmp_path / "acme", predictions, outcomes), MARCH) as opened:
        assert value_of(opened) == {
            ("cohort", JANUARY): 7,
            ("cohort", FEBRUARY): 4,
            ("recognised", FEBRUARY): 7,
            ("recognised", MARCH): 4,
        }


def value_of(opened: object) -> dict[tuple[str, date], Decimal]:
    found = said(
        opened,
        "select basis, month, sum(amount) from marts.ledger_monthly where side = 'value' "
        "group by all",
    )
    return {(basis, month): amount for basis, month, amount in found}


def test_months_of_new_york_and_its_summer_time(tmp_path: Path) -> None:
    """A month ends at the midnight of the portfolio's zone, five hours after UTC's in winter and
    four in summer; what was observed until then is known when the month is run (19, D12)."""
    predictions = [
        ("2026-02-01T04:59:59.999999Z", "flag"),  # the last of January
        ("2026-02-01T05:00:00Z", "pass"),
        ("2026-04-01T03:59:59.999999Z", "flag"),  # the last of March, in summer time
        ("2026-04-01T04:00:00Z", "pass"),
        ("2026-03-08T06:59:59Z", "flag"),  # one second before the clocks go forward
        ("2026-01-10T12:00:00", "flag"),  # no offset: New York, which the source says
    ]
    outcomes = [
        ("5", "2026-02-01T04:59:59.999999Z", "bad"),  # known when January ends
        ("0", "2026-02-01T05:00:00Z", "bad"),  # not known then
        ("1", "2026-02-03T00:00:00Z", "good"),
        ("2", "2026-03-31T23:59:59.999999", "bad"),  # the same instant as its prediction
        ("3", "2026-04-30T23:59:59.999999-04:00", "good"),
        ("4", "2026-03-09T00:00:00Z", "bad"),
    ]
    folder = log_company(tmp_path / "acme", predictions, outcomes, time_zone="America/New_York")
    assert run(folder, JANUARY).as_of == "2026-02-01T05:00:00Z"
    with books(folder, JANUARY) as opened:
        assert value_of(opened) == {("cohort", JANUARY): 7, ("recognised", JANUARY): 7}
    with books(folder, APRIL) as opened:
        assert value_of(opened) == {
            ("cohort", JANUARY): 14,
            ("cohort", FEBRUARY): 2,
            ("cohort", MARCH): 14,
            ("cohort", APRIL): 2,
            ("recognised", JANUARY): 7,
            ("recognised", FEBRUARY): 9,
            ("recognised", MARCH): 14,
            ("recognised", APRIL): 2,
        }
        assert said(opened, "select sum(abs(difference)) from marts.reconciliation_monthly") == [
            (0,)
        ]


def test_a_bill_from_tokyo_belongs_to_the_month_its_sender_names(company: Path) -> None:
    """A billing period that begins at midnight in Tokyo begins on the day before in UTC."""
    line = (
        "acc,2026-03-31T15:00:00Z,2026-04-30T15:00:00Z,2026-03-31T15:00:00Z,2026-03-31T16:00:00Z,"
        'Usage,tokyo,11,11,USD,Inference,AI and Machine Learning,"{""app"": ""card-fraud""}",'
        "2026-05-20T00:00:00Z\n"
    )
    put(company, "billing/tokyo.csv", BILL + line)
    with books(company, APRIL) as opened:
        assert said(
            opened,
            "select month, sum(amount) from marts.ledger_monthly where side = 'cost' "
            "and basis = 'cash' and source = 'billing' and month >= date '2026-04-01' group by 1",
        ) == [(APRIL, 11)]
        assert said(
            opened,
            "select sum(abs(difference)) from marts.reconciliation_monthly "
            "where dataset = 'billing'",
        ) == [(0,)]


def test_a_price_that_is_missing_stops_the_run(company: Path) -> None:
    """One of eight prices is taken away: nothing is published, and it is named (promise 14)."""
    before = current(company / "marts")
    prices = company / "reference" / "prices.csv"
    given = prices.read_text().splitlines(keepends=True)
    kept = [line for line in given if not line.startswith("line-check,pass/good")]
    assert len(kept) == len(given) - 1
    prices.write_text("".join(kept))
    with pytest.raises(DataRefused, match=r"no price for pass/good \(case\) of line-check from 2"):
        run(company, MARCH)
    assert current(company / "marts") == before
    prices.write_text("".join(given))
    after = run(company, MARCH)
    assert before is not None
    assert after.months == before.months


@pytest.mark.slow
def test_a_price_that_ends_before_the_last_prediction_is_missing_too(company: Path) -> None:
    prices = company / "reference" / "prices.csv"
    rows = prices.read_text().replace("pass/good,case,0,USD,2026-01-01,", "{}")
    assert rows.count("{}") == 2
    ended = "pass/good,case,0,USD,2026-01-01,2026-01-30"
    prices.write_text(rows.replace("{}", ended))
    with pytest.raises(DataRefused, match=r"of card-fraud from 2026-01-31 to 2026-03-11"):
        run(company, MARCH)


def test_a_rate_that_is_missing_stops_the_run(company: Path) -> None:
    """Yen and dinar without a rate are named; with rates, every document is rounded once."""
    before = current(company / "marts")
    header = "entry_id,document_on,amount,currency,category,system_id\n"
    entries = (
        "eur-1,2026-03-10,100,EUR,labour,line-check\n"
        "jpy-1,2026-03-10,12345,JPY,labour,line-check\n"
        "kwd-1,2026-03-14,3.001,KWD,labour,line-check\n"
    )
    put(company, "operating_costs/foreign.csv", header + entries)
    with pytest.raises(DataRefused, match=r"no rate for EUR on or before 2026-03-10;.* for JPY"):
        run(company, MARCH)
    assert current(company / "marts") == before
    settings = company / "portfolio.yaml"
    settings.write_text(settings.read_text() + "- dataset: fx\n  path: inbox/fx/*.csv\n")
    rates = (
        "on,base,currency,rate\n"
        "2026-03-09,EUR,USD,1.25\n2026-03-09,EUR,JPY,160\n"
        "2026-03-13,EUR,USD,1.2\n2026-03-13,EUR,KWD,0.36\n"  # Friday's rates hold on Saturday
    )
    put(company, "fx/rates.csv", rates, datetime(2026, 6, 2, tzinfo=UTC))
    with books(company, MARCH) as opened:
        assert said(
            opened,
            "select sum(amount) from marts.ledger_monthly where month = date '2026-03-01' "
            "and basis = 'cash' and driver = 'invoice/labour' and system_id = 'line-check'",
        ) == [(Decimal("125.00") + Decimal("96.45") + Decimal("10.00"),)]
        assert said(
            opened,
            "select currency, total_in, difference from marts.reconciliation_monthly "
            "where month = date '2026-03-01' and dataset = 'operating_costs' order by 1",
        ) == [
            ("EUR", 100, 0),
            ("JPY", 12345, 0),
            ("KWD", Decimal("3.001"), 0),
        ]


def test_what_is_delivered_twice_is_counted_once(company: Path) -> None:
    """A second outcome and a second version of a prediction add no row: the newest wins (13)."""
    late = datetime(2026, 6, 2, tzinfo=UTC)
    newer = "2026-02-05T12:00:00Z"
    put(
        company,
        "outcomes/again.csv",
        "prediction_id,observed_at,outcome\n"
        f"2026-01-00001,{newer},bad\n"  # was good, on the 21st of January
        "2026-01-00002,2026-01-03T00:00:00Z,bad\n",  # older than what is known: good
        late,
    )
    put(
        company,
        "predictions/again.csv",
        "prediction_id,predicted_at,system_id,model_version,decision,amount,currency\n"
        "2026-01-00003,2026-01-01T12:00:00+00:00,line-check,v2,flag,111.03,USD\n",  # was pass
        late,
    )
    with books(company, MARCH) as opened:
        assert said(
            opened,
            "select month, sum(predictions) from outcome_cells where outcome_type = 'primary' "
            "group by 1 order by 1",
        ) == [(JANUARY, 124), (FEBRUARY, 112), (MARCH, 124)]
        assert said(opened, "select sum(predictions) from superseded_cells") == [(1,)]
        assert said(
            opened,
            "select sum(predictions) from outcome_cells where day = date '2026-01-01' "
            "and outcome = 'bad' and observed_month = date '2026-02-01'",
        ) == [(1,)]
        assert said(
            opened,
            "select sum(predictions) from outcome_cells where day = date '2026-01-01' "
            "and decision = 'flag'",
        ) == [(2,)]  # 00000, and 00003 in its new version
        assert said(
            opened,
            "select sum(total_in), sum(superseded), sum(abs(difference)) "
            "from marts.reconciliation_monthly where dataset = 'predictions'",
        ) == [(361, 1, 0)]


def test_two_prices_for_one_thing_are_refused(company: Path) -> None:
    """The same driver twice from one day: nobody could say which counts (13, 14)."""
    double = ("card-fraud", "flag/bad", "amount", "2", "USD", "2026-01-01")
    write_prices(company, double)
    with pytest.raises(DataRefused, match="prices"):
        run(company, MARCH)
    assert os.path.exists(company / "marts" / "current.json")
