"""Calendar months as the date of their first day (method D12, promise 21).

Knows the Gregorian calendar only; which midnight ends a month was decided where instants were read.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from roi_pipeline.errors import ConfigurationError


def month_of(day: date) -> date:
    """The first day of the month a date or datetime lies in.

    >>> month_of(date(2028, 2, 29))
    datetime.date(2028, 2, 1)
    """
    return date(day.year, day.month, 1)


def add_months(month: date, count: int) -> date:
    """The first day of the month `count` months later (earlier when negative).

    >>> add_months(date(2026, 11, 1), 3), add_months(date(2026, 1, 31), -1)
    (datetime.date(2027, 2, 1), datetime.date(2025, 12, 1))
    """
    years, index = divmod(month.month - 1 + count, 12)
    return date(month.year + years, index + 1, 1)


def months_between(earlier: date, later: date) -> int:
    """How many months `later` lies after `earlier` (negative: before); days do not count.

    >>> months_between(date(2025, 11, 30), date(2026, 1, 1))
    2
    """
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def month_end(day: date) -> date:
    """The last day of the month a date lies in.

    >>> month_end(date(2028, 2, 1))
    datetime.date(2028, 2, 29)
    """
    return add_months(day, 1) - timedelta(days=1)


def parse_month(text: str) -> date:
    """The month written `YYYY-MM`; ConfigurationError for anything else.

    >>> parse_month('2026-10')
    datetime.date(2026, 10, 1)
    """
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or text.startswith("0000"):
        raise ConfigurationError(f"{text!r} is not a month: write YYYY-MM, for example 2026-10")
    return date.fromisoformat(f"{text}-01")


@dataclass(frozen=True, slots=True)
class Months:
    """Consecutive months, both ends included; ConfigurationError when the last precedes the first.

    >>> autumn = Months(date(2026, 9, 1), date(2026, 11, 1))
    >>> len(autumn), date(2026, 10, 1) in autumn, date(2026, 10, 2) in autumn
    (3, True, False)
    >>> print(autumn)
    2026-09 to 2026-11
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first.day != 1 or self.last.day != 1:
            raise ValueError(f"{self.first}, {self.last}: months are first days, use month_of")
        if self.last < self.first:
            raise ConfigurationError(
                f"months {self.first:%Y-%m} to {self.last:%Y-%m} end before they begin: swap them"
            )

    def __iter__(self) -> Iterator[date]:
        return (add_months(self.first, k) for k in range(len(self)))

    def __len__(self) -> int:
        return months_between(self.first, self.last) + 1

    def __contains__(self, month: object) -> bool:
        return isinstance(month, date) and month.day == 1 and self.first <= month <= self.last

    def __str__(self) -> str:
        last = "" if self.first == self.last else f" to {self.last:%Y-%m}"
        return f"{self.first:%Y-%m}{last}"


def runs(months: Iterable[date]) -> list[Months]:
    """A set of months as its unbroken stretches, in order; duplicates and order do not matter.

    >>> [str(run) for run in runs({date(2026, 3, 1), date(2025, 12, 1), date(2026, 1, 1)})]
    ['2025-12 to 2026-01', '2026-03']
    """
    found: list[Months] = []
    for month in sorted(set(months)):
        if found and month == add_months(found[-1].last, 1):
            found[-1] = Months(found[-1].first, month)
        else:
            found.append(Months(month, month))
    return found
