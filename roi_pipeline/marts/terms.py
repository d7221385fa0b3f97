"""The contract terms in force: which policy rules a system in a month, and under which version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from roi_pipeline.domain.calendar import month_end
from roi_pipeline.domain.status import Policy
from roi_pipeline.marts.reading import Read

# term in terms.csv -> field of Policy; consecutive_months rules every streak
FIELDS: Mapping[str, tuple[str, ...]] = {
    "hurdle_rate_annual": ("hurdle",),
    "recover_margin": ("recover_margin",),
    "consecutive_months": ("bad_months", "good_months", "negative_months"),
    "grace_months": ("grace_months",),
    "probation_months": ("probation_months",),
    "stale_months": ("stale_months",),
    "min_maturity": ("min_maturity",),
    "min_coverage": ("min_coverage",),
    "min_predictions": ("min_predictions",),
}
WHOLE = {"bad_months", "good_months", "negative_months", "grace_months", "probation_months"} | {
    "stale_months",
    "min_predictions",
}
DEFAULT_VERSION = "method-defaults"


@dataclass(frozen=True)
class Terms:
    """Every dated term of the portfolio."""

    rows: tuple[tuple[str, str, str, date, str], ...]  # system, term, value, valid_from, version

    @classmethod
    def read(cls, read: Read) -> "Terms":
        """All rows of terms.csv, oldest first (reads `terms`)."""
        rows = (
            read("terms")
            .sort("valid_from", "version", "system_id", "term", nulls_last=True)
            .select("system_id", "term", "value", "valid_from", "version")
            .rows()
        )
        return cls(tuple(rows))

    @cached_property
    def by_system(self) -> Mapping[str, list[tuple[str, str, date, str]]]:
        """Term, value, valid_from and version of every row of a system, oldest first."""
        found: dict[str, list[tuple[str, str, date, str]]] = {}
        for system, term, value, valid_from, version in self.rows:
            found.setdefault(system, []).append((term, value, valid_from, version))
        return found

    def in_force(self, system_id: str, month: date) -> dict[str, tuple[str, str]]:
        """Term -> (value, version) on the last day of a month; a later row replaces an earlier."""
        last = month_end(month)
        return {
            term: (value, version)
            for term, value, valid_from, version in self.by_system.get(system_id, ())
            if valid_from <= last
        }

    def told(self, system_id: str, month: date) -> str:
        """The terms in force as one line of JSON, to be recorded beside what they decided."""
        return json.dumps(self.in_force(system_id, month), sort_keys=True)

    @staticmethod
    def heard(told: str) -> dict[str, tuple[str, str]]:
        """What `told` wrote down.

        >>> Terms.heard('{"grace_months": ["3", "1"]}')
        {'grace_months': ('3', '1')}
        """
        return {term: (value, version) for term, (value, version) in json.loads(told).items()}

    def policy(self, system_id: str, month: date) -> Policy:
        """The policy of method §6 with the contract's terms in the place of its defaults."""
        chosen: dict[str, Any] = {}
        for term, (value, _) in self.in_force(system_id, month).items():
            for name in FIELDS.get(term, ()):
                chosen[name] = int(float(value)) if name in WHOLE else float(value)
        return Policy(**chosen)

    def number(self, system_id: str, month: date, term: str, default: float) -> float:
        """One numeric term, or the method's default."""
        found = self.in_force(system_id, month).get(term)
        return float(found[0]) if found else default

    def text(self, system_id: str, month: date, term: str, default: str) -> str:
        """One textual term, or the method's default."""
        found = self.in_force(system_id, month).get(term)
        return found[0] if found else default

    def version(self, system_id: str, month: date) -> str:
        """The newest version among the terms in force."""
        versions = [version for _, version in self.in_force(system_id, month).values()]
        return max(versions, default=DEFAULT_VERSION)
