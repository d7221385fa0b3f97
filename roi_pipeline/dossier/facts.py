"""What the current edition says of one system, gathered for people who decide on it.

Reads the edition and nothing else; computes no number that is not published (method §7, §8).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from roi_pipeline.errors import RoiError
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import Edition, current
from roi_pipeline.publish.reading import Tables
from roi_pipeline.written import choices

Rows = Sequence[Mapping[str, Any]]
# Every table a dossier reads; those that an edition of an older release lacks are left out.
QUERIES: Mapping[str, tuple[str, str]] = {
    "history": (
        "threshold_status_monthly",
        "from threshold_status_monthly where system_id = $system and month <= $month "
        "order by month",
    ),
    "money": (
        "roi_monthly",
        "from roi_monthly where system_id = $system and month <= $month order by month",
    ),
    "transitions": (
        "status_transitions",
        "from status_transitions where system_id = $system and month <= $month order by month",
    ),
    "reviews": (
        "status_reviews",
        "from status_reviews where system_id = $system and month <= $month "
        "order by opened_on, review_id",
    ),
    "options": (
        "options_monthly",
        "from options_monthly where system_id = $system and month = $month "
        "order by rank nulls last, option",
    ),
    "quality": (
        "quality_monthly",
        "from quality_monthly where system_id = $system and month <= $month "
        "order by month desc, model_version limit 8",
    ),
    "costs": (
        "tco_monthly",
        "select category, sum(amount) filter (where month = $month) as amount, "
        "sum(avoidable_amount) filter (where month = $month) as avoidable, "
        "sum(amount) filter (where month = $month - interval 12 month) as year_before "
        "from tco_monthly where system_id = $system and basis = 'accrual' "
        "group by category having amount <> 0 or year_before <> 0 "
        "order by amount desc nulls last, category",
    ),
    "values": (
        "value_attribution_monthly",
        "select driver, category, sum(quantity) as quantity, sum(amount) as amount, "
        "max(evidence_grade) as grade from value_attribution_monthly "
        "where system_id = $system and month = $month and view = 'cohort' "
        "group by driver, category order by abs(sum(amount)) desc, driver",
    ),
}


@dataclass(frozen=True)
class Dossier:
    """One system up to one month: rows of the edition, oldest first, and where they come from."""

    edition: Edition
    system: Mapping[str, Any]
    month: date
    tables: Mapping[str, Rows]

    @property
    def now(self) -> Mapping[str, Any]:
        """The status of the month."""
        return self.tables["history"][-1]

    @property
    def money(self) -> Mapping[str, Any]:
        """The return of the month."""
        return self.tables["money"][-1]

    @property
    def question(self) -> Mapping[str, Any] | None:
        """The review that waits for a decision."""
        open_ones = [row for row in self.tables["reviews"] if row["state"] == "open"]
        return open_ones[-1] if open_ones else None

    @property
    def first(self) -> Mapping[str, Any] | None:
        """The option to look at first."""
        found = [row for row in self.tables["options"] if row["is_first_action"]]
        return found[0] if found else None

    @cached_property
    def terms(self) -> list[tuple[str, str, str]]:
        """Term, value and version in force in the month."""
        told = json.loads(self.now["terms"] or "{}")
        return [(name, value, version) for name, (value, version) in sorted(told.items())]


def gather(portfolio: Portfolio, system_id: str, month: date | None = None) -> Dossier:
    """What the current edition says of a system up to a month (default: the edition's last).

    RoiError when nothing is published, the month is not in the edition or the system was not live.
    """
    edition = current(portfolio.marts)
    if edition is None:
        raise RoiError(f"{portfolio.marts}: nothing is published yet; run `roi-pipeline run`")
    at = month or date.fromisoformat(f"{edition.months[-1]}-01")
    with Tables(portfolio.marts / edition.name) as tables:
        given = {"system": portfolio.system(system_id).id, "month": at}
        found: dict[str, Rows] = {
            name: tables.records(query, _used(query, given)) if tables.has(table) else []
            for name, (table, query) in QUERIES.items()
        }
        (system,) = tables.records("from dim_system where system_id = ?", [system_id])
    live = [f"{row['month']:%Y-%m}" for row in found["history"]]
    if f"{at:%Y-%m}" not in live:
        told = choices(f"{at:%Y-%m}", live) if live else "it was not live yet"
        raise RoiError(f"no status of {system_id!r} in {at:%Y-%m}: {told}")
    return Dossier(edition, system, at, found)


def _used(query: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if f"${name}" in query}
