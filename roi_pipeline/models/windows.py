"""Which months of a table another one reads, relative to the month that is built."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.errors import ConfigurationError

_SPAN = re.compile(r"(?:(-\d+)?(\.\.))?month|all")


@dataclass(frozen=True)
class Window:
    """From `first` to `last` months after the month that is built; None has no end on that side.

    >>> Window.parse("-2..month"), Window.parse("..month").then(Window.parse("-1..month"))
    (Window(first=-2, last=0), Window(first=None, last=0))
    """

    first: int | None = 0
    last: int | None = 0

    @classmethod
    def parse(cls, text: str) -> "Window":
        """`month`, `-2..month`, `..month` or `all`; ConfigurationError for anything else."""
        found = _SPAN.fullmatch(text)
        if not found:
            raise ConfigurationError(f"window {text!r}: write month, -2..month, ..month or all")
        if text == "all":
            return cls(None, None)
        start, is_span = found.groups()
        return cls(int(start) if start else None if is_span else 0, 0)

    def then(self, inner: "Window") -> "Window":
        """The window through a view: this one over the view, `inner` over what the view reads."""
        return Window(_sum(self.first, inner.first), _sum(self.last, inner.last))

    def joined(self, other: "Window") -> "Window":
        """The smallest window that holds both."""
        firsts, lasts = (self.first, other.first), (self.last, other.last)
        return Window(
            None if None in firsts else min(f for f in firsts if f is not None),
            None if None in lasts else max(n for n in lasts if n is not None),
        )

    def months(self, month: date, among: Iterable[date]) -> list[date]:
        """The months of a run that lie in the window of a month, in order."""
        first = None if self.first is None else add_months(month, self.first)
        last = None if self.last is None else add_months(month, self.last)
        return [
            each
            for each in among
            if (first is None or each >= first) and (last is None or each <= last)
        ]


MONTH, ALL = Window(), Window(None, None)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
