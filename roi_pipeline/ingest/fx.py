"""The ECB's reference rates: a wide file, newest day first, turned into one row a day and currency.

Knows the two shapes the ECB publishes (history and day). A rate is units of the currency per euro.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from roi_pipeline.ingest.rescue import Rescued

BASE = "EUR"
COLUMNS = ("on", "currency", "rate", "base")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)


def is_wide(header: tuple[str, ...]) -> bool:
    """Whether a header is the ECB's: a date, then one column a currency, and a trailing comma.

    >>> is_wide(("Date", "USD", "JPY", "")), is_wide(("on", "currency", "rate", "base"))
    (True, False)
    """
    codes = [name.strip() for name in header[1:] if name.strip()]
    is_code = [len(code) == 3 and code.isupper() for code in codes]
    return header[0].strip() == "Date" and bool(codes) and all(is_code)


def long_rows(path: Path, header: tuple[str, ...], target: Path) -> Rescued:
    """Write the rates as rows of COLUMNS, without those the ECB did not quote (N/A, empty).

    A row number is that of the cell: (line - 1) * currencies + position, so it can be found again.
    """
    codes = [name.strip() for name in header[1:] if name.strip()]
    malformed: list[tuple[int, str]] = []
    rows = 0
    with target.open("w", encoding="utf-8", newline="") as long:
        writer = csv.writer(long, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for line_no, fields in enumerate(_lines(path)):
            first = line_no * len(codes) + 1
            if len(fields) not in (len(codes) + 1, len(header)):
                malformed.append((first, "wrong number of columns"))
                rows += 1
                continue
            for position, (code, rate) in enumerate(zip(codes, fields[1:], strict=False)):
                if rate not in ("", "N/A"):
                    writer.writerow([first + position, iso_date(fields[0]), code, rate, BASE])
                    rows += 1
    return Rescued(target, rows, tuple(malformed))


def iso_date(text: str) -> str:
    """The day in ISO form; the ECB's daily file spells its month out.

    >>> iso_date("30 October 2026"), iso_date("2026-10-30"), iso_date("10/30/2026")
    ('2026-10-30', '2026-10-30', '10/30/2026')
    """
    parts = text.split()
    if len(parts) != 3 or parts[1].lower() not in _MONTHS:
        return text
    try:
        return date(int(parts[2]), _MONTHS.index(parts[1].lower()) + 1, int(parts[0])).isoformat()
    except ValueError:
        return text


def _lines(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", newline="\n") as text:
        next(text)
        for line in text:
            fields = [field.strip() for field in line.split(",")]
            if any(fields):
                yield fields
