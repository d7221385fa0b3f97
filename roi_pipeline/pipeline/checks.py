"""The checks of a run: a suite is run on exactly the rows that would be published, once.

    checks/<table>/<first month>/<checksum>.json    what the suite found of these rows

The checksum covers the suite, its parameters, the rows checked and the rows they are compared with,
so a result is never taken for that of other rows. Months that are closed are not checked again.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from roi_pipeline import files
from roi_pipeline.code import code_sha256
from roi_pipeline.domain.calendar import month_of
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.pipeline.leaves import RECEIPTS
from roi_pipeline.quality import CheckOutcome, Suite, period, suites, validate

if TYPE_CHECKING:
    from roi_pipeline.pipeline.run import Run

BLOCK_ROWS = 1_000_000
Span = tuple[date, date]  # first and last month


@cache
def all_suites() -> dict[str, Suite]:
    """Every suite by its table."""
    return suites()


def spans(run: "Run", table: str) -> list[Span]:
    """The months that one result of a table covers, first and last.

    Neighbouring open months are checked together up to BLOCK_ROWS rows, counted from the oldest, so
    a new month never asks for more than that to be checked again.
    """
    found: list[Span] = []
    held = 0
    for month in run.open_months:
        count = _rows_of(run, table, month)
        if found and held + count <= BLOCK_ROWS:
            found[-1] = (found[-1][0], month)
            held += count
        else:
            found.append((month, month))
            held = count
    return found


def outcomes(run: "Run", table: str) -> Iterator[tuple[Span, list[CheckOutcome]]]:
    """What the suite of a table finds, span by span; run where it is not known yet."""
    suite = all_suites()[table]
    for span in spans(run, table):
        known = _known(run, suite, span)
        yield span, known if known is not None else _checked(run, suite, span)


def known_outcomes(run: "Run", table: str) -> list[tuple[Span, list[CheckOutcome]]] | None:
    """What is known of a table as it is now; None when its suite was not run on these rows."""
    found = []
    for span in spans(run, table):
        known = _known(run, all_suites()[table], span)
        if known is None:
            return None
        found.append((span, known))
    return found


def _rows_of(run: "Run", table: str, month: date) -> int:
    """How many rows a month of a table has, where its months are kept apart."""
    if table in CONTRACTS:
        return run.state.leaves.rows_in(table, month)
    if run.tables[table].build == "whole":
        return 0
    stored = run.state.stored(table, month)
    return stored.rows if stored else 0


def _parameters(run: "Run", table: str, span: Span) -> dict[str, object]:
    portfolio = run.portfolio
    expected = any(source.dataset == table for source in portfolio.sources)
    live = min(system.live_on for system in portfolio.systems)
    return dict(
        period(
            *span,
            time_zone=portfolio.time_zone,
            expects_rows=expected and span[1] >= month_of(live),
            max_quarantined_share=portfolio.max_quarantined_share,
        )
    )


def _checked(run: "Run", suite: Suite, span: Span) -> list[CheckOutcome]:
    run.show([suite.table, *sorted(suite.reads - {"check_parameters", *RECEIPTS})])
    found = validate(run.con, suite, suite.table, _parameters(run, suite.table, span))  # type: ignore[arg-type]
    text = json.dumps([asdict(outcome) for outcome in found], indent=1, sort_keys=True) + "\n"
    file = _file(run, suite, span)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_text(file, text)
    return found


def _known(run: "Run", suite: Suite, span: Span) -> list[CheckOutcome] | None:
    file = _file(run, suite, span)
    if not file.is_file():
        return None
    return [CheckOutcome(**one) for one in json.loads(file.read_text(encoding="utf-8"))]


def _file(run: "Run", suite: Suite, span: Span) -> Path:
    slice_ = f"{span[0]:%Y-%m}"
    name = f"{_checksum(run, suite, span)[:32]}.json"
    return run.portfolio.state.resolve() / "checks" / suite.table / slice_ / name


def _checksum(run: "Run", suite: Suite, span: Span) -> str:
    months = [month for month in run.open_months if span[0] <= month <= span[1]]
    parts: list[object] = [
        code_sha256("roi_pipeline.quality"),
        json.dumps(suite.document, sort_keys=True),
        {name: str(value) for name, value in _parameters(run, suite.table, span).items()},
        _content(run, suite.table, months),
    ]
    for name in sorted(suite.reads - {"check_parameters"}):
        parts.append([name, _compared(run, suite.table, name, months)])
    return sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _compared(run: "Run", table: str, name: str, months: Sequence[date]) -> object:
    """What a table is compared with; of receipts only those of its own dataset."""
    if name in RECEIPTS and table in CONTRACTS:
        return run.state.leaves.receipts_of(table, months[-1])
    if name in RECEIPTS:
        return run.state.leaves.content(name, None)
    return _content(run, name, None)


def _content(run: "Run", name: str, months: Sequence[date] | None) -> object:
    model = run.tables.get(name)
    if model is not None and model.build == "view":
        return run.state.content_behind(name)
    return run.state.content(name, months)
