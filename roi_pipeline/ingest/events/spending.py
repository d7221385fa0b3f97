"""What a log thinks its calls cost, by month and provider, to compare a bill with.

Knows no shape and no bill; it is never money of the books.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo


@dataclass
class Spending:
    """Sums of a log's own estimates; `written_in` is the zone of times that carry no offset, and
    months are those of `zone`.

    >>> found = Spending(ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"))
    >>> found.add("2026-10-31T23:30:00Z", "openai", "0.10")
    >>> found.add("2026-10-31T21:30:00", "openai", "3e-05")
    >>> found.add("yesterday", "openai", "1")
    >>> found.total
    Decimal('1.10003')
    >>> [(row["month"], row["amount"], row["calls"]) for row in found.rows]
    [('2026-10-01', '0.00003', 1), ('2026-11-01', '0.10', 1)]
    """

    written_in: ZoneInfo
    zone: ZoneInfo
    total: Decimal = Decimal(0)
    _sums: dict[tuple[date, str], tuple[Decimal, int]] = field(default_factory=dict)

    def add(self, at: str, provider: str, amount: str) -> None:
        """Count a call; one whose time cannot be read has no month and is in the total only."""
        try:
            spent = Decimal(amount or 0)
        except InvalidOperation:
            return
        if not spent.is_finite():
            return
        self.total += spent
        if month := self._month(at):
            before, calls = self._sums.get((month, provider), (Decimal(0), 0))
            self._sums[month, provider] = (before + spent, calls + 1)

    @property
    def rows(self) -> list[dict[str, object]]:
        """One row a month and provider, as the receipt keeps them."""
        return [
            {"month": f"{month}", "provider": provider, "amount": f"{amount:f}", "calls": calls}
            for (month, provider), (amount, calls) in sorted(self._sums.items())
        ]

    def _month(self, at: str) -> date | None:
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.written_in)
        return moment.astimezone(self.zone).date().replace(day=1)
