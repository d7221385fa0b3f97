"""What every table-month of a run is made from, as one checksum: its fingerprint.

    fingerprint = checksum(writer, code with views, content of every table-month that is read)

Leaves are deliveries, settings and closed rows; everything else is read by the checksum of its
bytes. Nothing but a fingerprint decides whether a table-month is up to date.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from roi_pipeline.domain.calendar import Months
from roi_pipeline.errors import NotBuilt
from roi_pipeline.models import registry
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline.leaves import Leaves
from roi_pipeline.pipeline.store import NAMED, Store, Stored, writer

Slice = date | None  # a month, or None for the one file of a whole table


@dataclass
class State:
    """The fingerprints of one run and the files that are known to have them."""

    tables: Mapping[str, Table]
    leaves: Leaves
    store: Store
    months: Months
    cells: Mapping[date, str] = field(default_factory=dict)  # fingerprints of the heavy step
    _found: dict[tuple[str, Slice], Stored | None] = field(default_factory=dict)
    _prints: dict[tuple[str, Slice], str] = field(default_factory=dict)

    def slices(self, name: str) -> list[Slice]:
        """The files a stored table has in this run."""
        return [None] if self.tables[name].build == "whole" else [*self.months]

    def stale(self, name: str) -> list[Slice]:
        """The slices that are not stored as they should be now; what they read must be built."""
        return [each for each in self.slices(name) if self.stored(name, each) is None]

    def stored(self, name: str, month: Slice) -> Stored | None:
        """The file of a slice as it should be now, None when it has to be built."""
        key = (name, month)
        if self._found.get(key) is None:
            self._found[key] = self.store.find(name, month, self.fingerprint(name, month))
        return self._found[key]

    def keep(self, name: str, month: Slice, stored: Stored) -> None:
        """Remember a file that was built."""
        self._found[name, month] = stored

    def files(self, name: str) -> list[Stored]:
        """The files of a table, by slice. Raises NotBuilt when one of them is not stored."""
        found = []
        for each in self.slices(name):
            stored = self.stored(name, each)
            if stored is None:
                slice_ = f"{name} {each:%Y-%m}" if each else name
                raise NotBuilt(
                    f"{slice_}: not built for these inputs, months and cut-off; nothing was "
                    "published. Build it first, or run `roi-pipeline run`"
                )
            found.append(stored)
        return found

    def named(self, name: str) -> dict[str, str]:
        """The fingerprint of every slice of a table, by month or `whole`."""
        return {
            f"{each:%Y-%m}" if each else "whole": self.fingerprint(name, each)[:NAMED]
            for each in self.slices(name)
        }

    def fingerprint(self, name: str, month: Slice) -> str:
        """What a slice is made from, as a checksum."""
        if (name, month) not in self._prints:
            self._prints[name, month] = self._fingerprint(name, month)
        return self._prints[name, month]

    def _fingerprint(self, name: str, month: Slice) -> str:
        table = self.tables[name]
        if table.build == "engine":
            assert month is not None  # noqa: S101
            return sha256(f"{writer()} {name} {self.cells[month]}".encode()).hexdigest()
        parts: list[object] = [writer(), name, registry.code_with_views(self.tables, name)]
        parts.append([str(self.months.first), str(self.months.last)])
        for read in sorted(registry.stored_reads(self.tables, name)):
            parts.append([read, self.content(read)])
        if table.keeps_closed_months:
            parts.append(self.leaves.closed_rows(name))
        return sha256(json.dumps(parts).encode()).hexdigest()

    def content_behind(self, view: str) -> list[object]:
        """What a view is read from, by checksum, and its code."""
        reads = sorted(registry.stored_reads(self.tables, view))
        code = registry.code_with_views(self.tables, view)
        return [code, *([name, self.content(name)] for name in reads)]

    def content(self, name: str, span: Sequence[date] | None = None) -> object:
        """What a table or leaf says, by checksum; of what is kept by month only some months, where
        `span` names them."""
        table = self.tables.get(name)
        if table is None:
            return self.leaves.content(name, span)
        if table.build == "whole":
            (stored,) = self.files(name)
            return stored.content
        found = dict(zip(self.months, self.files(name), strict=True))
        return [found[month].content for month in (self.months if span is None else span)]
