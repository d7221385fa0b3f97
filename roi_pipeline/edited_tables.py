"""A hand-edited CSV as `doctor` reads it: every row, and everything wrong with it at once.

A run reads the same file through `ingest`, which is the judge; this says sooner, and all together,
what a person has to mend. Knows contracts; knows no database and no portfolio.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from roi_pipeline.ingest.columns import DAY, FLAG, INSTANT, TEXT, WHOLE, Column, Contract
from roi_pipeline.written import choices

Row = Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    """What is wrong at a row and column of a file, and how to mend it."""

    where: str
    what: str
    remedy: str
    is_fatal: bool = True


@dataclass(frozen=True)
class Table:
    """The rows as text, with the contract's columns only, and the faults found in them."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


def read_table(file: Path, contract: Contract) -> Table:
    """Read a CSV against its contract; row numbers count data rows from 1."""
    try:
        text = file.read_bytes().decode("utf-8").removeprefix("\ufeff")
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except UnicodeDecodeError as error:
        return Table((), (Fault("", f"byte {error.start} is not UTF-8", "save it as UTF-8"),))
    except csv.Error as error:
        return Table((), (Fault("", str(error), "close every quote that is opened"),))
    if not lines:
        return Table((), (Fault("", "empty", f"begin with {','.join(contract.names)}"),))
    header = [name.strip() for name in lines[0]]
    faults = list(_header_faults(header, contract))
    if any(fault.is_fatal for fault in faults):
        return Table((), tuple(faults))
    rows = []
    for number, line in enumerate(lines[1:], start=1):
        if len(line) != len(header):
            what = f"{len(line)} fields, the header has {len(header)}"
            faults.append(Fault(f" row {number}", what, "put a field with a comma in quotes"))
            continue
        row = dict(zip(header, line, strict=True))
        faults += _row_faults(row, number, contract)
        rows.append({name: row.get(name, "") for name in contract.names})
    return Table(tuple(rows), tuple(faults))


def _header_faults(header: Sequence[str], contract: Contract) -> Iterator[Fault]:
    """What a header has wrong; names that the contract does not know are shown as positions, since
    without a header they are the first row of the data."""
    unknown = [place for place, name in enumerate(header, 1) if name not in contract.names]
    missing = [c.name for c in contract.columns if c.required and c.name not in header]
    for name in dict.fromkeys(name for name in header if header.count(name) > 1):
        shown = repr(name) if name in contract.names else str(header.index(name) + 1)
        yield Fault("", f"column {shown} stands there twice", "keep one")
    for name in missing:
        renamed = f"; is it column {unknown[0]}?" if len(unknown) == 1 else ""
        yield Fault("", f"no column {name!r}{renamed}", "add it to the header")
    for place in unknown if not missing else ():
        remedy = choices(header[place - 1], contract.names)
        yield Fault("", f"column {place} has an unknown name", remedy, False)


def _row_faults(row: Row, number: int, contract: Contract) -> Iterator[Fault]:
    for column in contract.columns:
        value, where = row.get(column.name, ""), f" row {number}, {column.name}"
        if not value:
            if column.required:
                yield Fault(where, "empty", "fill it in")
            continue
        read, remedy = _reader(column)
        try:
            read(value)
        except (ValueError, InvalidOperation):
            yield Fault(where, "cannot be read", remedy)


def _reader(column: Column) -> tuple[Callable[[str], object], str]:
    plain: dict[str, tuple[Callable[[str], object], str]] = {
        DAY: (date.fromisoformat, "write YYYY-MM-DD"),
        INSTANT: (_instant, "write YYYY-MM-DDTHH:MM:SSZ"),
        WHOLE: (int, "write a whole number"),
        FLAG: (_flag, "write true or false"),
        TEXT: (str, ""),
    }
    return plain.get(column.type, (_number, "write a number with a decimal point, no thousands"))


def _instant(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment


def _flag(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower() == "true"


def _number(value: str) -> Decimal:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", value):
        raise ValueError(value)
    return Decimal(value)
