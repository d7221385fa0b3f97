"""The status of every system in every month since it went live (method §6)."""

from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain import status
from roi_pipeline.marts.facts import Month, Window, cumulative_low, read, rounded, window
from roi_pipeline.marts.terms import Terms

STATUS: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    **dict.fromkeys(("status", "investment_state", "operating_state", "held_reason"), pl.String),
    **dict.fromkeys(("metric", "metric_low", "metric_high", "hurdle"), pl.Float64),
    **dict.fromkeys(("coverage", "maturity"), pl.Float64),
    "evidence_predictions": pl.Int64,
    **dict.fromkeys(("rule_id", "recommended_action", "terms_version"), pl.String),
    "as_of": pl.Datetime("us"),
}


def threshold_status_monthly(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The status of every system in every month since it went live (method §6)."""
    terms, (_, facts) = Terms.read(con), read(con)
    (as_of,) = con.execute("select as_of from run_scope").fetchall()[0]
    live = dict(
        con.execute("select system_id, date_trunc('month', live_on)::date from systems").fetchall()
    )
    decisions = _decisions(con)
    rows: list[dict[str, Any]] = []
    for system_id, live_month in sorted(live.items()):
        months = facts.get(system_id, [])
        evidence, windows = [], []
        for k, month in enumerate(months):
            if month.month < live_month:
                continue
            trailing = window(system_id, months[: k + 1], terms)
            windows.append(trailing)
            evidence.append(_evidence(month, months[: k + 1], trailing))
        policy = lambda month, of=system_id: terms.policy(of, month)  # noqa: E731
        found = status.run(evidence, policy, decisions.get(system_id, ()))
        rows.extend(
            _status_row(system_id, shown, known, trailing, terms, as_of)
            for shown, known, trailing in zip(found, evidence, windows, strict=True)
        )
    return pl.DataFrame(rows, schema=STATUS)


def _evidence(month: Month, seen: list[Month], trailing: Window) -> status.Evidence:
    return status.Evidence(
        month=month.month,
        cumulative_low=cumulative_low(seen),
        roi_low=trailing.low,
        roi_high=trailing.high,
        maturity=month.maturity,
        coverage=month.coverage,
        n=month.linked,
        window_value=trailing.value,
    )


def _status_row(
    system_id: str,
    shown: status.Status,
    known: status.Evidence,
    trailing: Window,
    terms: Terms,
    as_of: datetime,
) -> dict[str, Any]:
    policy = terms.policy(system_id, shown.month)
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
        "hurdle": policy.hurdle,
        "coverage": rounded(known.coverage),
        "maturity": rounded(known.maturity),
        "evidence_predictions": known.n,
        "rule_id": shown.rule_id,
        "recommended_action": shown.action,
        "terms_version": terms.version(system_id, shown.month),
        "as_of": as_of,
    }


def _decisions(con: duckdb.DuckDBPyConnection) -> dict[str, list[status.Decision]]:
    """Recorded human decisions up to the cut-off, by system."""
    found: dict[str, list[status.Decision]] = {}
    for system_id, decided_on, decision in con.execute(
        "select system_id, decided_on, decision from reviews, run_scope "
        "where decided_on < as_of_on order by decided_on"
    ).fetchall():
        found.setdefault(system_id, []).append(status.Decision(decided_on.replace(day=1), decision))
    return found
