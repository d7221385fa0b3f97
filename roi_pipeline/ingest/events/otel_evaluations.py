"""OpenTelemetry evaluations of model calls: what became of predictions read from `otel_genai`.

An evaluation is a record of a log (`gen_ai.evaluation.result`), as OTLP JSON lines or one row each,
beside the span it speaks of: its trace and span are the id of that span's prediction. The outcome
is its label, or its score where it has no label; the score is the quantity as well. Its type is
the name of the evaluation, so say `outcome_type: "=primary"` where one evaluation decides. What
failed to be evaluated, and records of anything else, are passed over; explanations are never read.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from roi_pipeline.ingest.events.otel_genai import attributes, flat
from roi_pipeline.ingest.events.shape import Record, Row, Shape, first, found, parsed, text


def _rows(records: Iterable[Record]) -> Iterator[Row | None]:
    for record in records:
        if "resourceLogs" in record:
            told = _of_otlp(parsed(record["resourceLogs"]))
        else:
            told = iter([flat(record)])
        yield from (_outcome(one) if is_evaluation(one) else None for one in told)


def is_evaluation(record: Row) -> bool:
    """Whether a record says how a call was judged; an evaluator that failed says nothing.

    >>> is_evaluation({"gen_ai.evaluation.name": "resolved"}), is_evaluation({"event.name": "x"})
    (True, False)
    >>> is_evaluation({"gen_ai.evaluation.name": "resolved", "error.type": "timeout"})
    False
    """
    return bool(record.get("gen_ai.evaluation.name")) and not record.get("error.type")


def _outcome(record: Row) -> Row:
    trace, span = record.get("traceid", ""), record.get("spanid", "")
    score = text(record.get("gen_ai.evaluation.score.value"))
    return {
        **record,
        "prediction_id": f"{trace}/{span}" if trace and span else "",
        "observed_at": record.get("start", ""),
        "outcome": text(first(record, "gen_ai.evaluation.score.label")) or score,
        "outcome_type": text(record.get("gen_ai.evaluation.name")),
        "quantity": score,
    }


def _of_otlp(resources: Any) -> Iterator[Row]:
    for resource in resources if isinstance(resources, list) else ():
        shared = attributes(found(found(resource).get("resource")).get("attributes"))
        for scope in found(resource).get("scopeLogs") or ():
            for record in found(scope).get("logRecords") or ():
                yield {**shared, **flat(record)}


SHAPE = Shape(
    format="otel_evaluations",
    title="OpenTelemetry evaluations",
    signs=(frozenset({"resourceLogs"}), frozenset({"trace_id", "span_id"})),
    gives=("prediction_id", "observed_at", "outcome", "outcome_type", "quantity"),
    rows=_rows,
    payloads=frozenset({"gen_ai.evaluation.explanation", "body"}),
)
