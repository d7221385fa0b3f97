"""What a run reads and does not compute, as checksums: active deliveries, settings, closed rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import duckdb

from roi_pipeline.domain.calendar import month_end
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.receipts import delivery_parts
from roi_pipeline.pipeline import settings
from roi_pipeline.pipeline.journal import Closing
from roi_pipeline.pipeline.settings import Rows

# `deliveries` in the suites is the receipts; models call them `receipt`, for a mart has that name.
RECEIPTS = ("receipt", "deliveries", "delivery_months", "delivery_money", "quarantine")
CLOSED = "closed_"  # closed_<mart>: what closed months said


@dataclass(frozen=True)
class _Part:
    """The part of a delivery that counts in one month (None: it counts whole)."""

    delivery_id: str
    month: date | None
    is_live: bool
    first: date | None
    last: date | None
    is_withdrawn: bool
    modified_us: int
    rows: int


@dataclass(frozen=True)
class Leaves:
    """The leaves of one run."""

    parts: Mapping[str, Sequence[_Part]]
    settings: Mapping[str, Rows]
    closings: Mapping[date, Closing]

    @classmethod
    def read(
        cls,
        con: duckdb.DuckDBPyConnection,
        given: Mapping[str, Rows],
        closings: Mapping[date, Closing],
    ) -> "Leaves":
        """As the receipts of an open run say."""
        parts: dict[str, list[_Part]] = {}
        for dataset, *row in delivery_parts(con):
            parts.setdefault(dataset, []).append(_Part(*row))
        return cls(parts, given, closings)

    def content(self, name: str, span: Sequence[date] | None) -> object:
        """Checksum of a leaf; of a dataset only what counts in some months, where `span` names
        them."""
        if name in self.settings:
            return settings.checksum(self.settings[name])
        if name in CONTRACTS:
            return _checksum(self._dataset(name, span))
        if name in RECEIPTS:
            return _checksum(
                [[name, *map(_listed, parts)] for name, parts in sorted(self.parts.items())]
            )
        if name.startswith(CLOSED):
            return self.closed_rows(name.removeprefix(CLOSED))
        raise LookupError(f"{name}: no model, dataset or setting has this name")

    def active(self, dataset: str, months: Sequence[date]) -> list[object]:
        """The active deliveries with rows in one of some months, and which of their months count:
        all of what decides how they are read together."""
        wanted, found = {*months}, dict[str, list[_Part]]()
        for part in self.parts.get(dataset, ()):
            if part.rows:
                found.setdefault(part.delivery_id, []).append(part)
        return [
            [name, [str(part.month) for part in parts if part.is_live], parts[0].modified_us]
            for name, parts in found.items()
            if any(part.is_live and part.month in wanted for part in parts)
        ]

    def rows_in(self, dataset: str, month: date) -> int:
        """How many active rows of a dataset count in a month."""
        parts = self.parts.get(dataset, ())
        return sum(part.rows for part in parts if part.is_live and part.month == month)

    def rows(self) -> int:
        """How many active rows there are of all that is delivered."""
        return sum(part.rows for parts in self.parts.values() for part in parts if part.is_live)

    def active_ids(self) -> list[str]:
        """The active deliveries, as dataset/id."""
        return sorted(
            {
                f"{dataset}/{part.delivery_id}"
                for dataset, parts in self.parts.items()
                for part in parts
                if part.is_live
            }
        )

    def receipts_of(self, dataset: str, last: date) -> str:
        """Checksum of what is known of the deliveries of a dataset up to a month."""
        parts = [p for p in self.parts.get(dataset, ()) if p.month is None or p.month <= last]
        return _checksum([_listed(part) for part in parts])

    def closed_rows(self, name: str) -> list[list[str]]:
        """What closed months keep of a mart, by checksum."""
        return [
            [str(month), closing.tables[name]]
            for month, closing in self.closings.items()
            if name in closing.tables
        ]

    def _dataset(self, name: str, span: Sequence[date] | None) -> list[object]:
        """The active deliveries; of bills, with months, those with charges in one of them."""
        active = [part for part in self.parts.get(name, ()) if part.is_live]
        if span is not None and name in ("predictions", "outcomes"):
            active = [part for part in active if part.month in span]
        if span is not None and name == "billing":
            active = [part for part in active if any(_touches(part, month) for month in span)]
        return [[part.delivery_id, str(part.month), part.modified_us] for part in active]


def _touches(part: _Part, month: date) -> bool:
    if part.month == month or part.first is None or part.last is None:
        return part.month == month
    return part.first <= month_end(month) and part.last >= month


def _listed(part: _Part) -> list[object]:
    return [part.delivery_id, str(part.month), part.is_live, part.is_withdrawn, part.modified_us]


def _checksum(document: object) -> str:
    return sha256(json.dumps(document).encode()).hexdigest()
