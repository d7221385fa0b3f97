"""The status of every system in every month since it went live (method §6, §8).

A closed month keeps the status it was closed with, and the next month goes on from the state it
left: what is learned later changes open months only.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from roi_pipeline import __version__
from roi_pipeline.domain import status
from roi_pipeline.domain.status import Decision, Evidence, State, Status
from roi_pipeline.marts.facts import Month, Window, cumulative_low, read_facts, rounded, window
from roi_pipeline.marts.reading import Read
from roi_pipeline.marts.recorded import Recorded, recorded
from roi_pipeline.marts.terms import Terms

# Which rules decided: the package, and the very file that holds them.
RULES = f"{__version__}+{sha256(Path(status.__file__).read_bytes()).hexdigest()[:12]}"
HARD_STOP = "hard_stop"
STATUS: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    **dict.fromkeys(("status", "investment_state", "operating_state", "held_reason"), pl.String),
    **dict.fromkeys(("metric", "metric_low", "metric_high", "hurdle"), pl.Float64),
    **dict.fromkeys(("coverage", "maturity"), pl.Float64),
    "evidence_predictions": pl.Int64,
    **dict.fromkeys(("window_value", "cumulative_net_cash_low"), pl.Decimal(38, 18)),
    "window_months": pl.String,
    "is_hard_stop": pl.Boolean,
    "rule_id": pl.String,
    "evidence_months": pl.String,
    **dict.fromkeys(("recommended_action", "terms_version", "terms"), pl.String),
    "negative_since": pl.Date,
    **dict.fromkeys(
        (
            *("months_in_operation", "held_streak", "bad_streak", "good_streak"),
            *("negative_streak", "probation_left"),
        ),
        pl.Int64,
    ),
    **dict.fromkeys(("inputs_sha256", "code_version"), pl.String),
    "as_of": pl.Datetime("us"),
}


@dataclass(frozen=True)
class Reviews:
    """What people decided of one system up to the cut-off, oldest first, and its hard stops."""

    decisions: tuple[Decision, ...] = ()
    stops: tuple[date, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A month with everything its status rests on."""

    evidence: Evidence
    trailing: Window
    shown: Status
    evidence_months: tuple[date, ...]
    inputs_sha256: str


def threshold_status_monthly(read: Read) -> pl.DataFrame:
    """The status of every system in every month since it went live (method §6)."""
    terms, (_, facts) = Terms.read(read), read_facts(read)
    ((as_of, as_of_on),) = read("run_scope").select("as_of", "as_of_on").rows()
    before, reviews = recorded(read, terms), _reviews(read, as_of_on)
    rows: list[dict[str, Any]] = []
    systems = (
        read("systems").sort("system_id").select("system_id", pl.col("live_on").dt.month_start())
    )
    for system_id, live_month in systems.iter_rows():
        judged = judge(
            system_id,
            [month for month in facts.get(system_id, []) if month.month >= live_month],
            facts.get(system_id, []),
            terms,
            reviews.get(system_id, Reviews()),
            before.get(system_id, Recorded()),
        )
        rows.extend(_row(system_id, each, terms, as_of) for each in judged)
    return pl.DataFrame(rows, schema=STATUS)


def judge(
    system_id: str,
    operated: Sequence[Month],
    facts: Sequence[Month],
    terms: Terms,
    reviews: Reviews,
    before: Recorded,
) -> list[Judged]:
    """Every month in operation after those recorded, in order; pure.

    `facts`: every month since the investment, oldest first; `operated`: those in operation.
    """
    stops, evidence, windows = set(reviews.stops), list[Evidence](), list[Window]()
    for month in operated:
        if before.months and month.month <= before.months[-1]:
            continue
        is_first = month is operated[0]
        is_stopped = month.month in stops or (
            is_first and min(stops, default=date.max) < month.month
        )
        seen = [each for each in facts if each.month <= month.month]
        windows.append(window(system_id, list(seen), terms))
        evidence.append(_evidence(month, list(seen), windows[-1], is_stopped=is_stopped))
    found = status.run(
        evidence, lambda month: terms.policy(system_id, month), reviews.decisions, before.state
    )
    judged, chain, evident = list[Judged](), before.inputs_sha256, list(before.evident)
    for known, trailing, shown in zip(evidence, windows, found, strict=True):
        evident += [] if shown.held_reason else [shown.month]
        behind = tuple(evident[-shown.streak :]) if shown.streak else ()
        policy = asdict(terms.policy(system_id, shown.month))
        chain = _chained(chain, known, policy, reviews.decisions)
        judged.append(Judged(known, trailing, shown, behind, chain))
    return judged


def _chained(
    before: str, known: Evidence, policy: Mapping[str, Any], decisions: Sequence[Decision]
) -> str:
    """One checksum over everything a month's status depends on, that of the month before too."""
    counted = [asdict(decision) for decision in decisions if decision.month <= known.month]
    parts = [before, asdict(known), policy, counted]
    return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _evidence(month: Month, seen: list[Month], trailing: Window, *, is_stopped: bool) -> Evidence:
    return Evidence(
        month=month.month,
        cumulative_low=cumulative_low(seen),
        roi_low=trailing.low,
        roi_high=trailing.high,
        maturity=month.maturity,
        coverage=month.coverage,
        n=month.linked,
        window_value=trailing.value if trailing.is_bounded else None,
        hard_stop=is_stopped,
        is_measured=month.is_measured,
    )


def _row(system_id: str, judged: Judged, terms: Terms, as_of: datetime) -> dict[str, Any]:
    known, trailing, shown = judged.evidence, judged.trailing, judged.shown
    return {
        "month": shown.month,
        "system_id": system_id,
        "status": shown.label,
        "investment_state": shown.investment,
        "operating_state": shown.operating,
        "held_reason": shown.held_reason,
        "metric": trailing.point,
        "metric_low": trailing.low,
        "metric_high": trailing.high,
        "hurdle": terms.policy(system_id, shown.month).hurdle,
        "coverage": rounded(known.coverage),
        "maturity": rounded(known.maturity),
        "evidence_predictions": known.n,
        "window_value": trailing.value,
        "cumulative_net_cash_low": known.cumulative_low,
        "window_months": _listed(trailing.months),
        "is_hard_stop": known.hard_stop,
        "rule_id": shown.rule_id,
        "evidence_months": _listed(judged.evidence_months),
        "recommended_action": shown.action,
        "terms_version": terms.version(system_id, shown.month),
        "terms": terms.told(system_id, shown.month),
        **_state_columns(shown.state),
        "inputs_sha256": judged.inputs_sha256,
        "code_version": RULES,
        "as_of": as_of,
    }


def _state_columns(state: State) -> dict[str, Any]:
    """What the next month starts from, so that anyone can replay it."""
    return {
        "negative_since": state.negative_since,
        "months_in_operation": state.months,
        "held_streak": state.held,
        "bad_streak": state.bad,
        "good_streak": state.good,
        "negative_streak": state.negative,
        "probation_left": state.probation,
    }


def _listed(months: Sequence[date]) -> str | None:
    return ", ".join(f"{month:%Y-%m}" for month in months) or None


def _reviews(read: Read, until: date) -> dict[str, Reviews]:
    """Recorded human decisions and hard stops before the day of the cut-off, by system."""
    found: dict[str, Reviews] = {}
    known_then = read("reviews").filter(pl.col("decided_on") < until).sort("decided_on", "row_no")
    for system_id, decided_on, kind, decision in known_then.select(
        "system_id", "decided_on", "kind", "decision"
    ).iter_rows():
        month, known = decided_on.replace(day=1), found.get(system_id, Reviews())
        found[system_id] = Reviews(
            (*known.decisions, Decision(month, decision)),
            (*known.stops, month) if kind == HARD_STOP else known.stops,
        )
    return found
