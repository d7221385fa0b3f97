"""What was said on a day stands: the same cut-off asked for again gives the same, and what was open
then turned out within the bounds (method §3.3, §3.4)."""

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from runner import unchecked
from test_prediction_logs import fraud_portfolio

from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.models.registry import ancestors

FIRST, LAST = date(2018, 7, 1), date(2018, 10, 31)
END = date(2018, 12, 1)  # every outcome is in
Known = dict[date, tuple[Decimal, Decimal, Decimal]]  # realised, low, high by month
# Of the 122 days a few; ROI_EVERY_DAY=1 tries each, in seven CPU-minutes.
EVERY_DAYS = 1 if os.environ.get("ROI_EVERY_DAY") else 21


def days(every: int) -> Iterator[date]:
    """Cut-offs from the second day on."""
    day = FIRST + timedelta(days=1)
    while day <= LAST:
        yield day
        day += timedelta(days=every)


def as_of(folder: Path, cut_off: date) -> Known:
    """What a run with a cut-off says of each month up to the one it lies in."""
    last = min(cut_off - timedelta(days=1), LAST).replace(day=1)
    instant = datetime(cut_off.year, cut_off.month, cut_off.day)
    with unchecked(folder, last, instant) as opened:
        needed = ancestors(opened.tables, ["value_month"])
        for name in opened.stored_tables():
            if name in needed or opened.tables[name].build == "engine":
                opened.build(name)
        opened.show(["value_month", "run_month"])
        found = opened.con.execute(
            "select month, sum(realised), sum(low), sum(high) from value_month "
            "where month in (select month from run_month) group by month"
        ).fetchall()
    return {month: tuple(values) for month, *values in found}


def misses(said: Known, final: Known) -> list[date]:
    """The months whose final value lies outside what the bounds said."""
    return [m for m, (_, low, high) in said.items() if not low <= final[m][0] <= high]


@pytest.mark.slow
def test_bounds_of_a_day_hold_the_final_value(shared: Path, tmp_path: Path) -> None:
    folder = fraud_portfolio(shared, tmp_path / "acme")
    with unchecked(folder, LAST.replace(day=1)) as opened:
        for dataset in CONTRACTS:
            assert not opened.ingest(dataset).refused
    then = {day: as_of(folder, day) for day in days(EVERY_DAYS)}
    final = as_of(folder, END)
    again = {day: as_of(folder, day) for day in days(EVERY_DAYS)}
    assert again == then  # the end was seen in between
    assert sum(value for value, *_ in final.values()) == Decimal("861338.47")
    assert all(low == value == high for value, low, high in final.values())
    wrong = {day: months for day, said in then.items() if (months := misses(said, final))}
    assert len(wrong) <= 0.05 * len(then), wrong
