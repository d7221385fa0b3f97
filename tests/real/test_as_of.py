"""What was said on a day stands: the same cut-off asked for again gives the same, and what was open
then turned out within the bounds (method §3.3, §3.4)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from test_prediction_logs import fraud_portfolio

from roi_pipeline import portfolio
from roi_pipeline.books import session
from roi_pipeline.domain.calendar import month_end
from roi_pipeline.ingest.contracts import CONTRACTS

FIRST, LAST = date(2018, 7, 1), date(2018, 10, 31)
END = datetime(2018, 12, 1)  # every outcome is in
Known = dict[date, tuple[Decimal, Decimal, Decimal]]  # realised, low, high by month
EVERY_DAYS = 21  # all 123 days take six CPU-minutes


def days(every: int) -> Iterator[date]:
    """Cut-offs from the second day on."""
    day = FIRST + timedelta(days=1)
    while day <= LAST:
        yield day
        day += timedelta(days=every)


def as_of(folder: Path, cut_off: datetime) -> Known:
    """What a run with a cut-off says of each month up to the one it lies in."""
    last = (cut_off - timedelta(microseconds=1)).date().replace(day=1)
    with session.opened(portfolio.load(folder), min(last, LAST.replace(day=1)), cut_off) as opened:
        for dataset in CONTRACTS:
            opened.ingest(dataset)
        opened.build_cells()
        opened.build_ledger("value_priced")
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
    then = {day: as_of(folder, datetime(day.year, day.month, day.day)) for day in days(EVERY_DAYS)}
    final = as_of(folder, END)
    assert sum(value for value, *_ in final.values()) == Decimal("861338.47")
    assert all(low == value == high for value, low, high in final.values())
    wrong = {day: months for day, said in then.items() if (months := misses(said, final))}
    assert len(wrong) <= 0.05 * len(then), wrong
    day = [*then][len(then) // 2]
    assert month_end(day) > day  # in the middle of a month, and after the end was seen
    assert as_of(folder, datetime(day.year, day.month, day.day)) == then[day]
