"""Who must hear of it: status transitions, failed critical checks and failed runs, posted once each
to the webhook that $ROI_WEBHOOK_URL names (docs/notifications.md).

Knows the current edition and a small file of what was told; never fails a run: what could not be
told is told next time.
"""

import fcntl
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from roi_pipeline import files
from roi_pipeline.masking import masked
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import Edition, current
from roi_pipeline.publish.reading import Tables
from roi_pipeline.quality import CheckOutcome

log = logging.getLogger(__name__)

VARIABLE = "ROI_WEBHOOK_URL"
MEMORY = "notified.json"
TIMEOUT_S = 10.0
Post = Callable[[str, bytes], None]


@dataclass(frozen=True)
class Notice:
    """One thing to tell: `key` names it for ever, `payload` is what is posted."""

    key: str
    payload: Mapping[str, Any]


def transitions(portfolio: Portfolio, edition: Edition) -> list[Notice]:
    """Every status transition of an edition, oldest first."""
    if "status_transitions" not in edition.tables:
        return []
    tables = Tables(portfolio.marts / edition.name)
    names = dict(tables.frame("dim_system").select("system_id", "name").iter_rows())
    moves = tables.frame("status_transitions").sort("month", "system_id")
    return [_transition(portfolio, edition, row, names) for row in moves.to_dicts()]


def _transition(
    portfolio: Portfolio, edition: Edition, row: Mapping[str, Any], names: Mapping[str, str]
) -> Notice:
    system_id, month = row["system_id"], f"{row['month']:%Y-%m}"
    name = names.get(system_id, system_id)
    before = (row["from_status"] or "not live").replace("_", " ")
    after = row["to_status"].replace("_", " ")
    moved = f"{before} -> {after}" if before != after else after
    payload = {
        "event": "status_transition",
        "portfolio": portfolio.portfolio,
        "system_id": system_id,
        "system": name,
        "month": month,
        "from_status": row["from_status"],
        "to_status": row["to_status"],
        "rule_id": row["rule_id"],
        "evidence_months": (row["evidence_months"] or "").split(", ")
        if row["evidence_months"]
        else [],
        **{key: _number(row[key]) for key in ("metric", "metric_low", "metric_high", "hurdle")},
        "recommended_action": row["recommended_action"],
        "terms_version": row["terms_version"],
        "edition": edition.name,
        "text": f"{name}, {month}: {moved} ({row['rule_id']}). {row['recommended_action']}",
    }
    states = (row["to_operating_state"], row["to_investment_state"])
    parts = (system_id, month, row["to_status"], *states, row["rule_id"])
    return Notice("transition/" + "/".join(parts), payload)


def failures(
    portfolio: Portfolio, checks: Iterable[CheckOutcome], errors: Sequence[str]
) -> list[Notice]:
    """What kept an edition from being published: critical checks that failed, else the errors."""
    blocking = [check for check in checks if check.is_blocking]
    notices = [_failed_check(portfolio, check) for check in blocking]
    if not blocking:
        notices += [_failed_run(portfolio, error) for error in errors]
    return notices


def _failed_check(portfolio: Portfolio, check: CheckOutcome) -> Notice:
    times = "" if check.failing is None else f", {check.failing:,} times"
    payload = {
        "event": "check_failed",
        "portfolio": portfolio.portfolio,
        "table": check.table,
        "check": check.name,
        "severity": check.severity,
        "failing": check.failing,
        "description": check.description,
        "text": f"{check.table}, {check.name}{times}: {check.description} Nothing was published.",
    }
    return Notice(f"failure/{check.table}/{check.name}/{check.failing}", payload)


def _failed_run(portfolio: Portfolio, told: str) -> Notice:
    error = masked(told)
    payload = {
        "event": "run_failed",
        "portfolio": portfolio.portfolio,
        "error": error,
        "text": f"{portfolio.portfolio}: the run failed, nothing was published: {error}",
    }
    return Notice(f"failure/run/{sha256(error.encode()).hexdigest()[:16]}", payload)


@dataclass
class Memory:
    """What was told: transitions for ever (None: never yet), failures until something is
    published."""

    transitions: set[str] | None = None
    failures: set[str] = field(default_factory=set)


def tell_published(portfolio: Portfolio, post: Post | None = None) -> list[Notice]:
    """Tell the transitions of the current edition that were not told yet; returns those told.

    The first time only the edition's last month is news. A publication ends all failures: the same
    one later is news again.
    """
    edition = current(portfolio.marts)
    if edition is None or not _url():
        return []
    found, last = transitions(portfolio, edition), edition.months[-1]
    with _remembered(portfolio) as memory:
        if memory.transitions is None:
            memory.transitions = {n.key for n in found if n.payload["month"] != last}
        memory.failures.clear()
        return _tell(found, memory.transitions, post)


def tell_failed(
    portfolio: Portfolio,
    checks: Iterable[CheckOutcome],
    errors: Sequence[str],
    post: Post | None = None,
) -> list[Notice]:
    """Tell why nothing was published, once until something is; returns what was told."""
    if not _url():
        return []
    with _remembered(portfolio) as memory:
        return _tell(failures(portfolio, checks, errors), memory.failures, post)


def _tell(found: Sequence[Notice], told: set[str], post: Post | None) -> list[Notice]:
    """Post what is new; what cannot be posted stays new."""
    sent: list[Notice] = []
    for notice in found:
        if notice.key in told:
            continue
        try:
            (post or post_json)(_url(), json.dumps({"id": notice.key, **notice.payload}).encode())
        except (OSError, ValueError, HTTPException) as error:
            why = f"HTTP {error.code}" if isinstance(error, HTTPError) else type(error).__name__
            log.warning(
                "$%s: %s could not be told (%s); the next run tries again",
                VARIABLE,
                notice.key,
                why,
            )
            break  # a dead receiver costs one timeout, not one a notice
        told.add(notice.key)
        sent.append(notice)
    return sent


def post_json(url: str, body: bytes) -> None:
    """POST a JSON document; OSError, ValueError or HTTPException unless the receiver itself answers
    with 2xx within TIMEOUT_S. A redirect is not followed: it is not a delivery."""
    if urlsplit(url).scheme not in ("https", "http"):
        raise ValueError(f"${VARIABLE} is not an http(s) address")
    request = Request(url, body, {"Content-Type": "application/json"}, method="POST")  # noqa: S310
    ended: list[Exception | None] = []

    def send() -> None:
        try:
            _OPENER.open(request, timeout=TIMEOUT_S).close()  # the status counts, not the body
            ended.append(None)
        except Exception as error:
            ended.append(error)

    # A receiver that sends a byte now and then never meets the timeout of a socket.
    sending = Thread(target=send, daemon=True)
    sending.start()
    sending.join(TIMEOUT_S)
    if not ended:
        raise TimeoutError(f"no answer within {TIMEOUT_S:.0f} seconds")
    if ended[0] is not None:
        raise ended[0]


class _NoRedirects(HTTPRedirectHandler):
    """Leaves a redirect unanswered, so that urllib raises HTTPError for it as for any non-2xx."""

    def redirect_request(self, *_: Any) -> None:
        """There is no other address to ask."""


_OPENER = build_opener(_NoRedirects)


def _url() -> str:
    return os.environ.get(VARIABLE, "").strip()


@contextmanager
def _remembered(portfolio: Portfolio) -> Iterator[Memory]:
    """What was told, written back at the end; only one process at a time tells anything."""
    portfolio.state.mkdir(parents=True, exist_ok=True)
    file = portfolio.state / MEMORY
    with (portfolio.state / f"{MEMORY}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        memory = _read(file)
        try:
            yield memory
        finally:
            known = None if memory.transitions is None else sorted(memory.transitions)
            document = {"transitions": known, "failures": sorted(memory.failures)}
            files.write_text(file, json.dumps(document, indent=1))


def _read(file: Path) -> Memory:
    if not file.is_file():
        return Memory()
    told = json.loads(file.read_text(encoding="utf-8"))
    known = told["transitions"]
    return Memory(None if known is None else set(known), set(told["failures"]))


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
