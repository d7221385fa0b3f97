"""The prediction logs and the outcomes of the demo, with the flaws that real ones have.

Each system delivers in its own way: Parquet, CSV, JSON lines, its own column names. Flaws are
counted in `plan` and change no expected number.
"""

import io
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from roi_pipeline.demo import plan
from roi_pipeline.demo.cases import PREFIX, cases
from roi_pipeline.demo.files import instant, write

_COMMON = ("prediction_id", "predicted_at", "system_id", "model_version", "decision")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    plan.FRAUD: (
        *(*_COMMON, "predicted_label", "score", "amount", "currency", "latency_ms"),
        *("compute_seconds", "status"),
    ),
    plan.INSPECTION: (
        *(*_COMMON, "serving_mode", "predicted_label", "score", "compute_seconds", "status"),
    ),
    plan.SUPPORT: (
        *(*_COMMON, "predicted_label", "latency_ms", "input_tokens", "cached_tokens"),
        *("output_tokens", "status"),
    ),
    plan.ROUTING: (
        *("prediction_id", "predicted_at", "model_version", "decision", "serving_mode"),
        *("predicted_label", "latency_ms", "compute_seconds"),
    ),
}
# The names the fleet's own software gives them; portfolio.yaml maps them back.
ROUTING_NAMES = {
    "prediction_id": "route_id",
    "predicted_at": "planned_at",
    "model_version": "model",
    "decision": "action",
    "serving_mode": "mode",
    "predicted_label": "forecast",
    "latency_ms": "lat_ms",
    "compute_seconds": "cpu_s",
}
UNITS = {"fuel": "litre", "distance": "km", "duration": "minute"}
_RAGGED = (plan.INSPECTION, date(2025, 7, 1))  # a field too many in one row of this file
_ENDINGS = {
    plan.FRAUD: "parquet",
    plan.INSPECTION: "csv.gz",
    plan.SUPPORT: "jsonl.gz",
    plan.ROUTING: "csv.gz",
}


def write_logs(folder: Path, seed: int) -> None:
    """Predictions by month of prediction, outcomes by month of observation."""
    for system_id in plan.SYSTEMS:
        cohorts = [plan.cohort(system_id, month) for month in plan.MONTHS]
        drawn = {cohort.month: cases(cohort, seed) for cohort in cohorts if cohort}
        before: pl.DataFrame | None = None
        for month, frame in drawn.items():
            _predictions(folder, system_id, month, frame, before)
            before = frame
        _outcomes(folder, system_id, pl.concat(drawn.values()))


def _predictions(
    folder: Path, system_id: str, month: date, frame: pl.DataFrame, before: pl.DataFrame | None
) -> None:
    again = before.tail(plan.AGAIN) if before is not None else frame.clear()
    rows = pl.concat([again, frame, frame.head(plan.TWICE)])
    rows = _as_logged(rows, system_id).select(_COLUMNS[system_id])
    rows = pl.concat([rows, _malformed(rows, system_id, month)])
    if system_id == plan.ROUTING:
        rows = rows.rename(ROUTING_NAMES)
    content = _bytes(rows, _ENDINGS[system_id])
    if (system_id, month) == _RAGGED:
        content += content.splitlines(keepends=True)[-1].rstrip(b"\n") + b",a field too many\n"
    name = f"{month:%Y-%m}.{_ENDINGS[system_id]}"
    file = folder / "inbox" / "predictions" / system_id / name
    write(file, content, instant(_after(month), hour=2))


def _as_logged(frame: pl.DataFrame, system_id: str) -> pl.DataFrame:
    """The contract's columns as this system writes them."""
    at = pl.from_epoch("predicted_s", time_unit="s")
    is_batch = pl.col("prediction_id").str.ends_with("0") | pl.col("prediction_id").str.ends_with(
        "5"
    )
    mode = (
        pl.when(is_batch).then(pl.lit("batch")).otherwise(pl.lit("edge"))
        if system_id == plan.ROUTING
        else pl.lit("batch")
    )
    return frame.with_columns(
        (
            at.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
            if _typed(system_id)
            else _iso(at)
        ).alias("predicted_at"),
        mode.alias("serving_mode"),
        _money("amount_cents").cast(pl.Decimal(18, 2)).alias("amount"),
        pl.when(pl.col("amount_cents").is_not_null()).then(pl.lit("USD")).alias("currency"),
    )


def _typed(system_id: str) -> bool:
    return _ENDINGS[system_id] == "parquet"


def _malformed(rows: pl.DataFrame, system_id: str, month: date) -> pl.DataFrame:
    """Rows to be set aside: without a decision, and where the format allows it, with a bad time."""
    ids = [f"{PREFIX[system_id]}-{month:%Y%m}-bad-{number}" for number in range(plan.MALFORMED)]
    bad = rows.head(plan.MALFORMED).with_columns(
        pl.Series("prediction_id", ids), pl.lit(None, dtype=pl.String).alias("decision")
    )
    if _typed(system_id):
        return bad
    times = ["31/12/2025 10:00", "2025-13-40T00:00:00Z", "2025-06-01 10:00:00"]
    return bad.with_columns(
        pl.Series("predicted_at", times[: plan.MALFORMED]), rows.head(plan.MALFORMED)["decision"]
    )


def _outcomes(folder: Path, system_id: str, frame: pl.DataFrame) -> None:
    """One file a month with what was observed in it; what lies after the last month is pending."""
    final = frame.filter(pl.col("observed_s").is_not_null())
    early = final.filter("revised").with_columns(
        ((pl.col("predicted_s") + pl.col("observed_s")) // 2).alias("observed_s"),
        pl.lit("legit").alias("outcome"),
    )
    told = pl.concat([final, early]).with_columns(pl.lit("primary").alias("outcome_type"))
    told = pl.concat([told, *_further(final)]).sort("observed_s", "prediction_id", "outcome_type")
    for month in plan.MONTHS:
        start, end = (int(instant(day).timestamp()) for day in (month, _after(month)))
        rows = told.filter(pl.col("observed_s").is_between(start, end, closed="left"))
        if len(rows):
            _deliver_outcomes(folder, system_id, month, rows)


def _further(final: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Outcomes of other types, known when the first is: what was measured, and wrong answers."""
    for kind in plan.MEASURED:
        measured = final.filter(pl.col(kind).is_not_null())
        yield measured.with_columns(
            pl.lit("measured").alias("outcome"), pl.lit(kind).alias("outcome_type")
        )
    wrong = final.filter("error")
    yield wrong.with_columns(
        pl.lit("wrong").alias("outcome"), pl.lit("error").alias("outcome_type")
    )


def _deliver_outcomes(folder: Path, system_id: str, month: date, rows: pl.DataFrame) -> None:
    measured = [pl.when(outcome_type=kind).then(pl.col(kind)) for kind in plan.MEASURED]
    rows = rows.with_columns(pl.coalesce(measured).alias("hundredths")).select(
        "prediction_id",
        _iso(pl.from_epoch("observed_s", time_unit="s")).alias("observed_at"),
        "outcome",
        "outcome_type",
        _money("hundredths").alias("quantity"),
        pl.col("outcome_type").replace_strict(UNITS, default=None).alias("unit"),
        pl.lit("ledger" if system_id == plan.FRAUD else "operations").alias("source"),
    )
    key = f"{PREFIX[system_id]}-{month:%Y%m}"
    orphans = rows.head(plan.ORPHANS).with_columns(
        pl.Series("prediction_id", [f"{key}-orphan-{n}" for n in range(plan.ORPHANS)])
    )
    bad = rows.head(plan.MALFORMED).with_columns(
        pl.Series("prediction_id", [f"{key}-bad-{n}" for n in range(plan.MALFORMED)]),
        pl.Series("observed_at", ["yesterday", "2025-02-30T00:00:00Z", ""][: plan.MALFORMED]),
    )
    ending = "jsonl.gz" if system_id == plan.SUPPORT else "csv.gz"
    file = folder / "inbox" / "outcomes" / system_id / f"{month:%Y-%m}.{ending}"
    content = _bytes(pl.concat([rows, rows.head(plan.TWICE), orphans, bad]), ending)
    write(file, content, instant(_after(month), hour=3))


def _iso(instants: pl.Expr) -> pl.Expr:
    return instants.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _money(cents: str) -> pl.Expr:
    """Cents as text, `-1.50`: a whole number never passes through a float."""
    whole = pl.col(cents)
    size = whole.abs()
    return pl.concat_str(
        pl.when(whole < 0).then(pl.lit("-")).otherwise(pl.lit("")),
        (size // 100).cast(pl.String),
        pl.lit("."),
        (size % 100).cast(pl.String).str.zfill(2),
    )


def _bytes(rows: pl.DataFrame, ending: str) -> bytes:
    buffer = io.BytesIO()
    if ending == "parquet":
        rows.write_parquet(buffer, compression="zstd", statistics=True)
    elif ending == "jsonl.gz":
        rows.write_ndjson(buffer)
    else:
        rows.write_csv(buffer)
    return buffer.getvalue()


def _after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
