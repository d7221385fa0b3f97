"""What a sender says about a delivery, in `<file>.manifest.json` next to it (contracts §3).

A manifest is input like any other: it is read strictly, and no message quotes what it holds.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from roi_pipeline.errors import DataRefused

MAX_BYTES = 1 << 20
MAX_DIGITS = 38  # before the point, and as many behind it
SHOWN_DIGITS = 12  # a longer number may be that of a card or an account


@dataclass(frozen=True)
class Manifest:
    """The sender's word; a key that is absent is None."""

    rows: int | None = None
    sha256: str | None = None
    total_billed_cost: Decimal | None = None
    exported_at: datetime | None = None


def read(path: Path | None, name: str) -> Manifest:
    """The manifest at `path` of the delivery `name`; without one, a manifest that says nothing.

    Raises DataRefused for one that is not a JSON object, or has a value of the wrong kind.
    """
    if path is None:
        return Manifest()
    given = _parsed(path, name)
    readers = {
        "rows": (_rows, "a whole number from 0"),
        "sha256": (_sha256, "64 hexadecimal digits"),
        "total_billed_cost": (_amount, "a finite number"),
        "exported_at": (_instant, "an ISO 8601 time with an offset"),
    }
    values: dict[str, Any] = {}
    for key, (reader, expected) in readers.items():
        if given.get(key) is None:
            continue
        try:
            values[key] = reader(given[key])
        except (ValueError, TypeError, ArithmeticError):
            raise DataRefused(
                f"{name}: its manifest cannot be read: {key} is not {expected}; correct it, or "
                "remove the key"
            ) from None
    return Manifest(**values)


def _parsed(path: Path, name: str) -> dict[str, Any]:
    expected = "expected a JSON object with rows, sha256, total_billed_cost, exported_at"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise DataRefused(f"{name}: its manifest is larger than {MAX_BYTES} bytes; {expected}")
        # Numbers stay text until their key says what they are: int() of 1e999999999 takes hours.
        given = json.loads(content, parse_float=str, parse_int=str, parse_constant=str)
    except OSError as error:
        why = f"its manifest cannot be read ({error.strerror})"
        raise DataRefused(f"{name}: {why}; make it readable, or remove it") from None
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = f"not JSON at line {line}" if line else "not JSON"
        raise DataRefused(f"{name}: its manifest cannot be read: {where}; {expected}") from None
    if not isinstance(given, dict):
        raise DataRefused(f"{name}: its manifest cannot be read: no object; {expected}")
    return given


def _rows(value: object) -> int:
    number = _amount(value)
    if number < 0 or number != number.to_integral_value():
        raise ValueError
    return int(number)


def _sha256(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-fA-F]{64}", value):
        raise ValueError
    return value.lower()


def _amount(value: object) -> Decimal:
    if not isinstance(value, str) or len(value) > 2 * MAX_DIGITS:
        raise ValueError
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) >= MAX_DIGITS:
        raise InvalidOperation
    return number


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def check(manifest: Manifest, name: str, **found: object) -> None:
    """Compare what the manifest says with what was found, e.g. `rows=98`; raises DataRefused."""
    for key, value in found.items():
        said = getattr(manifest, key)
        if said is not None and said != value:
            raise DataRefused(
                f"{name}: its manifest says {key} {_shown(said)}, the file has {_shown(value)}; "
                "send both again"
            )


def _shown(value: object) -> str:
    """A checksum, or a number that is too short to be that of a card; else that it is not shown.

    >>> _shown(98), _shown(Decimal("0.31")), _shown(4111111111111111)
    ('98', '0.31', '(not shown)')
    """
    if isinstance(value, str):
        return value
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text if sum(map(str.isdigit, text.rstrip("0"))) <= SHOWN_DIGITS else "(not shown)"
