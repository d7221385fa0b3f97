"""How right, how fast and how steady each model version was in a month.

Knows counts and histograms of the cells; no prediction and no money.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from roi_pipeline.domain.histogram import population_stability, quantile, stability_by_chance
from roi_pipeline.domain.uncertainty import wilson
from roi_pipeline.marts.reading import Read

Key = tuple[date, str, str]  # month, system, model version
Counts = Mapping[Key, Mapping[float, int]]

LATENCY_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 1_000_000)
DELAY_DAYS = (0, 1, 2, 4, 7, 14, 30, 60, 90, 180, 365, 3650)
# A version's first month with so many scores is what its later months are compared with.
MIN_REFERENCE = 200
POPULATION = "predictions with a score and status ok"
USAGE = (
    *("predictions", "errors", "input_tokens", "output_tokens", "cached_tokens"),
    *("linked_outcomes", "impossible_outcomes", "late_outcomes", "never_observed"),
    *("duplicate_predictions", "duplicate_outcomes"),
)
QUALITY: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "model_version": pl.String,
    **dict.fromkeys(("n", "tp", "fp", "fn", "tn", "correct"), pl.Int64),
    **dict.fromkeys(
        (
            *("accuracy", "accuracy_low", "accuracy_high"),
            *("precision", "precision_low", "precision_high"),
            *("recall", "recall_low", "recall_high"),
        ),
        pl.Float64,
    ),
    **dict.fromkeys(USAGE, pl.Int64),
    "orphan_outcomes": pl.Int64,
    "compute_seconds": pl.Float64,
    **dict.fromkeys(
        (
            *("error_share", "error_share_low", "error_share_high", "median_outcome_delay_days"),
            *("latency_ms_p50", "latency_ms_p95", "latency_ms_p99"),
            *("score_psi", "score_psi_by_chance"),
        ),
        pl.Float64,
    ),
    "score_n": pl.Int64,
    "score_reference_month": pl.Date,
    "score_reference_n": pl.Int64,
    "score_population": pl.String,
}


def quality_monthly(read: Read) -> pl.DataFrame:
    """How right, fast and steady a model version was in a month; `unallocated` has the outcomes
    that belong to no prediction.

    A class that did not occur is 0; a rate without a denominator is null. Percentiles and the
    median are read from histograms, straight inside a bin.
    """
    latency, delay, score = _histograms(read)
    right = {
        (row["month"], row["system_id"], row["model_version"]): row
        for row in read("quality_count").iter_rows(named=True)
    }
    rows = []
    for usage in read("usage_month").iter_rows(named=True):
        key: Key = (usage["month"], usage["system_id"], usage["model_version"])
        rows.append(
            dict(zip(("month", "system_id", "model_version"), key, strict=True))
            | _confusion(right.get(key, {}))
            | {name: _whole(usage[name]) for name in USAGE}
            | {"orphan_outcomes": 0}
            | {"compute_seconds": _float(usage["compute_seconds"])}
            | _rate("error_share", int(usage["errors"]), int(usage["predictions"]))
            | _speed(latency.get(key, {}), delay.get(key, {}))
            | drift(score, key)
        )
    rows += [
        {
            "month": row["month"],
            "system_id": "unallocated",
            "model_version": "",
            "n": 0,
            "orphan_outcomes": int(row["orphan_outcomes"]),
        }
        for row in read("orphan_outcome").iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=QUALITY)


def _confusion(row: Mapping[str, Any]) -> dict[str, Any]:
    """Counts of right and wrong, and their rates with Wilson bounds (method §4.2)."""
    names = ("n", "tp", "fp", "fn", "tn", "judged", "correct", "labelled")
    n, tp, fp, fn, tn, judged, correct, labelled = (int(row.get(name) or 0) for name in names)
    right, seen = (tp + tn, judged) if judged else (correct, labelled)
    return {
        "n": n,
        **({"tp": tp, "fp": fp, "fn": fn, "tn": tn} if judged else {}),
        "correct": right if seen else None,
        **_rate("accuracy", right, seen),
        **_rate("precision", tp, tp + fp),
        **_rate("recall", tp, tp + fn),
    }


def _speed(latency: Mapping[float, int], delay: Mapping[float, int]) -> dict[str, Any]:
    median = quantile(DELAY_DAYS, delay, 0.5)
    percentiles = {p: quantile(LATENCY_MS, latency, p / 100) for p in (50, 95, 99)}
    return {
        "median_outcome_delay_days": None if median is None else round(median, 3),
        **{
            f"latency_ms_p{p}": None if found is None else round(found, 3)
            for p, found in percentiles.items()
        },
    }


def drift(score: Counts, key: Key) -> dict[str, Any]:
    """How far the scores have moved since the version's first month with enough of them."""
    current = score.get(key)
    if not current:
        return {}
    months = sorted(
        month
        for month, system_id, version in score
        if (system_id, version) == key[1:]
        and month <= key[0]
        and sum(score[month, system_id, version].values()) >= MIN_REFERENCE
    )
    reference = score[months[0], key[1], key[2]] if months else {}
    psi, chance = population_stability(reference, current), stability_by_chance(reference, current)
    return {
        "score_psi": None if psi is None else round(psi, 6),
        "score_psi_by_chance": None if chance is None else round(chance, 6),
        "score_n": sum(current.values()),
        "score_reference_month": months[0] if months else None,
        "score_reference_n": sum(reference.values()) if months else None,
        "score_population": POPULATION,
    }


def _histograms(read: Read) -> tuple[Counts, Counts, Counts]:
    """Predictions by upper edge of their bin: of the latency, the outcome's delay, the score."""
    found: dict[str, dict[Key, dict[float, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in read("quality_histogram").iter_rows(named=True):
        key: Key = (row["month"], row["system_id"], row["model_version"])
        found[row["measure"]][key][row["upper_edge"]] = row["predictions"]
    return found["latency_ms"], found["delay_days"], found["score"]


def _rate(name: str, hits: int, n: int) -> dict[str, float | None]:
    bounds = wilson(hits, n) if n else None
    return {
        name: round(hits / n, 6) if n else None,
        f"{name}_low": round(bounds.low, 6) if bounds else None,
        f"{name}_high": round(bounds.high, 6) if bounds else None,
    }


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)


def _float(number: Any) -> float | None:
    return None if number is None else float(number)
