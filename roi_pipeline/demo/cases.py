"""Every prediction of the demo with what came of it: the counts of `plan`, drawn into single cases.

Knows no file and no format. Counts and sums of a month are exact; only order, times, scores and
delays are drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from roi_pipeline.demo import costs, plan
from roi_pipeline.demo.files import Flags, Floats, Ints, instant, shuffled, uniform

PREFIX = {plan.FRAUD: "cf", plan.INSPECTION: "pi", plan.SUPPORT: "sa", plan.ROUTING: "dr"}
# System, version, first month, share at launch of what it is there for.
VERSIONS = (
    (plan.FRAUD, "cf-3", plan.LIVE[plan.FRAUD], "0.94"),
    (plan.FRAUD, "cf-4", plan.month_at(11), "0.95"),
    (plan.INSPECTION, "pi-1", plan.LIVE[plan.INSPECTION], "0.96"),
    (plan.SUPPORT, "sa-1", plan.LIVE[plan.SUPPORT], "0.74"),
    (plan.SUPPORT, "sa-2", plan.month_at(15), "0.66"),
    (plan.ROUTING, "dr-1", plan.LIVE[plan.ROUTING], "0.93"),
    (plan.ROUTING, "dr-2", plan.month_at(16), "0.94"),
)
_LABELS = {  # what the model said, by what was then decided
    "block": "fraud",
    "allow": "legit",
    "reject": "defect",
    "pass": "good",
    "answer": "settled",
    "handoff": "repeated",
    "reroute": "on_time",
    "keep": "on_time",
}
_LATENCY_MS = {plan.FRAUD: 38.0, plan.INSPECTION: 900.0, plan.SUPPORT: 6500.0, plan.ROUTING: 14.0}
_COMPUTE_S = {plan.FRAUD: 0.012, plan.INSPECTION: 0.85, plan.SUPPORT: 0.0, plan.ROUTING: 0.009}


def version_of(system_id: str, month: date) -> str:
    """The model version that served that month."""
    return [v for s, v, since, _ in VERSIONS if s == system_id and since <= month][-1]


@dataclass(frozen=True)
class _Drawn:
    cells: list[plan.Cell]
    kind: Ints  # which of the cells a case belongs to
    nth: Ints  # its position within the cell, which chooses its amounts

    @property
    def decisions(self) -> list[str]:
        return [self.cells[kind][0] for kind in self.kind]

    @property
    def outcomes(self) -> list[str]:
        return [self.cells[kind][1] for kind in self.kind]


def cases(cohort: plan.Cohort, seed: int) -> pl.DataFrame:
    """One row a prediction, by time.

    Times are whole seconds since 1970, amounts cents, `observed_s` null for outcomes that never
    come; `revised` marks cases whose first verdict was another.
    """
    stream = f"{cohort.system_id}/{cohort.month}"
    drawn = _drawn(cohort, shuffled(seed, f"{stream}/order", cohort.answered + cohort.errors))
    decisions, outcomes = drawn.decisions, drawn.outcomes
    rows = len(decisions)
    predicted = _times(cohort.month, uniform(seed, f"{stream}/time", rows))
    observed = predicted + _delays(cohort.system_id, uniform(seed, f"{stream}/delay", rows))
    noise = uniform(seed, f"{stream}/noise", rows)
    key = f"{PREFIX[cohort.system_id]}-{cohort.month:%Y%m}-"
    never = np.array([outcome == "" for outcome in outcomes])
    frame = pl.DataFrame(
        {
            "prediction_id": [f"{key}{number:05d}" for number in range(rows)],
            "predicted_s": predicted,
            "observed_s": pl.Series(observed).set(pl.Series(never), None),
            "decision": decisions,
            "outcome": outcomes,
            "predicted_label": [_LABELS.get(decision) for decision in decisions],
            "score": _scores(decisions, noise),
            "latency_ms": np.round(_LATENCY_MS[cohort.system_id] * (0.6 + noise), 2),
            "compute_seconds": np.round(_COMPUTE_S[cohort.system_id] * (0.7 + 0.6 * noise), 4),
            "amount_cents": _cents(drawn, _predicted_cents),
            **_further(drawn),
            "revised": _revised(drawn),
        }
    )
    return _with_tokens(frame, cohort).with_columns(
        pl.lit(cohort.system_id).alias("system_id"),
        pl.lit(version_of(cohort.system_id, cohort.month)).alias("model_version"),
        pl.when(pl.col("decision") == "none")
        .then(pl.lit("error"))
        .otherwise(pl.lit("ok"))
        .alias("status"),
    )


def _drawn(cohort: plan.Cohort, order: Ints) -> _Drawn:
    counts = {**cohort.cells, ("none", ""): cohort.errors}
    kind = np.repeat(np.arange(len(counts)), list(counts.values()))[order]
    nth = np.concatenate([np.arange(rows) for rows in counts.values()])[order]
    return _Drawn(list(counts), kind, nth)


def _times(month: date, jitter: Floats) -> Ints:
    """Evenly over the month, each somewhere in its slot, so that the order stays."""
    start, seconds = int(instant(month).timestamp()), costs.days_in(month) * 86_400
    slots = (np.arange(len(jitter)) + jitter) * (seconds / len(jitter))
    times: Ints = start + slots.astype(np.int64)
    return times


def _delays(system_id: str, drawn: Floats) -> Ints:
    """Exponential, cut at the longest, in seconds; at least one."""
    mean, longest = plan.DELAY_DAYS[system_id]
    share = 1 - np.exp(-longest / mean)
    delays: Ints = (-mean * np.log1p(-drawn * share) * 86_400).astype(np.int64) + 1
    return delays


def _scores(decisions: list[str], noise: Floats) -> Floats:
    """High where the model acted, lower where it did not."""
    acted = np.array(
        [decision in ("block", "reject", "answer", "reroute") for decision in decisions]
    )
    scores: Floats = np.where(acted, 0.70 + 0.30 * noise, 0.65 * noise).astype(np.float64).round(4)
    return scores


def _predicted_cents(cell: plan.Cell) -> tuple[int, ...]:
    return plan.PREDICTION_CENTS[cell[1]] if cell[0] in ("block", "allow") else ()


def _further(drawn: _Drawn) -> dict[str, object]:
    """What else becomes known of a case: hundredths of its unit, or that its answer was wrong."""
    wrong = [kind for kind, cell in enumerate(drawn.cells) if cell == plan.WRONG_CELL]
    return {
        **{kind: _cents(drawn, patterns.get) for kind, patterns in plan.MEASURED.items()},
        "error": np.isin(drawn.kind, wrong) & (drawn.nth % plan.WRONG_EVERY == 0),
    }


def _cents(drawn: _Drawn, pattern_of: Callable[[plan.Cell], tuple[int, ...] | None]) -> pl.Series:
    """The amount of every case by the pattern of its cell; null where the cell has none."""
    cents, known = np.zeros(len(drawn.nth), dtype=np.int64), np.zeros(len(drawn.nth), dtype=bool)
    for kind, cell in enumerate(drawn.cells):
        pattern = pattern_of(cell)
        if pattern:
            here = drawn.kind == kind
            cents[here] = np.array(pattern)[drawn.nth[here] % len(pattern)]
            known |= here
    return pl.Series(cents).set(pl.Series(~known), None)


def _revised(drawn: _Drawn) -> Flags:
    """The first missed frauds of a month were settled as good before they came back."""
    missed = [kind for kind, cell in enumerate(drawn.cells) if cell == ("allow", "fraud")]
    return np.isin(drawn.kind, missed) & (drawn.nth < plan.REVISED)


def _with_tokens(frame: pl.DataFrame, cohort: plan.Cohort) -> pl.DataFrame:
    """Tokens by position among the answered contacts; a failed one used none."""
    if cohort.system_id != plan.SUPPORT:
        return frame
    k = plan.age(cohort.system_id, cohort.month)
    answered = pl.col("decision") != "none"
    position = (answered.cast(pl.Int64).cum_sum() - 1) % 7
    patterns = {m: [plan.tokens(m, k, row) for row in range(7)] for m in plan.METERS}
    return frame.with_columns(
        pl.when(answered)
        .then(position.replace_strict(list(range(7)), patterns[meter]))
        .otherwise(0)
        .alias(f"{meter}_tokens")
        for meter in plan.METERS
    )
