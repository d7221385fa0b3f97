"""What a forecast starts from: the expected month, its errors, the horizon and the seed, with the
ledger lines of the evidence months behind it. The number itself is computed again (recompute.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from roi_pipeline.explain.columns import WINDOW
from roi_pipeline.explain.published import PORTFOLIO, Published, lines_of
from roi_pipeline.explain.tree import Line, Number
from roi_pipeline.marts.projections import Stance

Row = Mapping[str, Any]
FORECASTS = frozenset(
    {"degradation_monthly", "options_monthly", "projection_monthly", "sensitivity_monthly"}
)


def of_forecast(
    there: Published, outlooks: Sequence[Stance], row: Row, number: Number, start: int
) -> Number:
    """A number that looks ahead, with what it starts from: the outlook of its system among those of
    its month."""
    parts, lines, notes = _starts_from(there, outlooks, row, start)
    return replace(
        number,
        parts=parts | {name: row[name] for name in ("draws", "seed") if row.get(name)},
        lines=lines,
        notes=notes,
    )


def _starts_from(
    there: Published, outlooks: Sequence[Stance], row: Row, start: int
) -> tuple[dict[str, Any], tuple[Line, ...], tuple[str, ...]]:
    """The expected month and its errors, and the ledger lines of the months it is the mean of."""
    found = [s for s in outlooks if s.ahead.system_id == row["system_id"]]
    if not found:
        note = "the worlds of its systems, added one by one: explain each system"
        return {}, (), (note,) if row["system_id"] == PORTFOLIO else ()
    stance = found[0]
    ahead, base = stance.ahead, stance.ahead.base
    parts: dict[str, Any] = {
        "cumulative net": stance.seen[-1].cumulative_net,
        "hurdle a year": ahead.hurdle,
        "model version": ahead.model_version,
        "evidence months": ", ".join(f"{month.month:%Y-%m}" for month in ahead.window),
    }
    if base is not None:
        names = ("volume", "quality", "unit_value", "error_cost", "cost")
        parts |= {f"expected {n}".replace("_", " "): _short(getattr(base, n)) for n in names}
        parts["fixed cost"] = _short(ahead.fixed)
        parts |= {
            "errors of volume, value, cost": ", ".join(
                f"{error:.2%}"
                for error in (ahead.volume_error, ahead.value_error, ahead.cost_error)
            ),
            "scatter of a month": _short(ahead.month_error),
        }
    if start > 1:
        return parts, (), ("made of the same ledger lines as the number above",)
    lines: list[Line] = []
    months = [month.month for month in ahead.window]
    for term in WINDOW:
        lines += lines_of(there, term, months, row["system_id"], start + len(lines))
    return parts, tuple(lines), ()


def _short(number: Any) -> str:
    return f"{float(number):,.6g}"
