"""What a sender says about a delivery, in `<file>.manifest.json` beside it (contracts §3)."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from roi_pipeline.errors import DataRefused


@dataclass(frozen=True)
class Manifest:
    """The sender's word; a key that is absent is None."""

    rows: int | None = None
    sha256: str | None = None
    total_billed_cost: Decimal | None = None
    exported_at: datetime | None = None


def read(path: Path | None, name: str) -> Manifest:
    """The manifest at `path` of the delivery `name`; without one, a manifest that says nothing.

    Raises DataRefused for one that is not JSON or holds an unreadable value.
    """
    if path is None:
        return Manifest()
    try:
        given = json.loads(path.read_bytes(), parse_float=Decimal)
        return _manifest(given if isinstance(given, dict) else {})
    except (ValueError, TypeError, InvalidOperation) as error:
        raise DataRefused(
            f"{name}: its manifest cannot be read ({error}); expected JSON with rows, sha256, "
            "total_billed_cost, exported_at"
        ) from None


def _manifest(given: dict[str, Any]) -> Manifest:
    total, exported_at = given.get("total_billed_cost"), given.get("exported_at")
    moment = datetime.fromisoformat(exported_at) if exported_at else None
    if moment and moment.tzinfo is None:
        raise ValueError("exported_at carries no time zone")
    return Manifest(
        rows=None if given.get("rows") is None else int(given["rows"]),
        sha256=None if given.get("sha256") is None else str(given["sha256"]).lower(),
        total_billed_cost=None if total is None else Decimal(str(total)),
        exported_at=moment.astimezone(UTC) if moment else None,
    )


def check(manifest: Manifest, name: str, **found: object) -> None:
    """Compare what the manifest says with what was found, e.g. `rows=98`; raises DataRefused."""
    for key, value in found.items():
        said = getattr(manifest, key)
        if said is not None and said != value:
            raise DataRefused(
                f"{name}: its manifest says {key} {said}, the file has {value}; send both again"
            )
