"""Transitions and failures reach people once, through a webhook on this machine."""

import json
import logging
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest
import yaml

from roi_pipeline import notices, portfolio
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.quality import CheckOutcome

HIDDEN_PATH = "services-T0001-hunter2"


class Receiver(HTTPServer):
    """A webhook that keeps what it gets, and answers with `status`."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/json"
        if self.server.status == 200:
            self.server.got.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    server = Receiver()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv(notices.VARIABLE, f"http://127.0.0.1:{server.server_port}/{HIDDEN_PATH}")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def acme(tmp_path: Path) -> Portfolio:
    """A portfolio whose editions are written by `publish` below."""
    system = {"id": "card-fraud", "name": "Card fraud", "scenario": "decision_matrix"}
    dates = {"invested_on": "2026-01-01", "live_on": "2026-01-01"}
    settings = {"portfolio": "acme", "reporting_currency": "USD", "systems": [system | dates]}
    (tmp_path / "portfolio.yaml").write_text(yaml.safe_dump(settings))
    return portfolio.load(tmp_path)


def publish(acme: Portfolio, *months: int) -> None:
    """An edition up to October 2026 in which the status changed in these months."""
    name = f"edition{len(months)}"
    folder = acme.marts / name
    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("""
        create table t (month date, system_id varchar, from_status varchar, to_status varchar,
            to_operating_state varchar, to_investment_state varchar, rule_id varchar,
            evidence_months varchar, metric decimal(28, 6), metric_low decimal(28, 6),
            metric_high decimal(28, 6), hurdle decimal(28, 6), recommended_action varchar,
            terms_version varchar)
    """)
    for month in months:
        states = ("positive", "marginal_deterioration", "marginal", "recovered")
        con.execute(
            "insert into t values (?, 'card-fraud', ?, ?, ?, ?, 'healthy_to_marginal', "
            "'2026-08, 2026-09', 0.05, -0.01, 0.09, 0.12, 'rank options', '1')",
            [date(2026, month, 1), *states],
        )
    con.execute(f"copy t to '{folder / 'status_transitions.parquet'}'")
    con.execute(
        f"copy (select 'card-fraud' as system_id, 'Card fraud' as name) "
        f"to '{folder / 'dim_system.parquet'}'"
    )
    told = {
        **{"edition": name, "published_at": "2026-11-02T00:00:00+00:00", "code_version": "1"},
        **{"as_of": "2026-11-01T00:00:00Z", "months": ["2026-09", "2026-10"]},
        **{"inputs_sha256": "0", "tables": {"status_transitions": {}, "dim_system": {}}},
    }
    (acme.marts / "current.json").write_text(json.dumps(told))


def check(failing: int = 3, severity: str = "critical") -> CheckOutcome:
    return CheckOutcome(
        **{"table": "billing", "name": "fresh", "severity": severity, "passed": False},
        **{"observed": None, "failing": failing, "rows": 9, "error": None},
        description="Bills reach the end of the month.",
    )


def test_a_transition_is_told_once(acme: Portfolio, receiver: Receiver) -> None:
    """The first time only the last month is news; later every new one, also of an older month."""
    publish(acme, 5, 10)
    notices.tell_published(acme)
    notices.tell_published(acme)
    (told,) = receiver.got
    assert told == {
        "id": "transition/card-fraud/2026-10/marginal_deterioration/marginal/recovered/"
        "healthy_to_marginal",
        "event": "status_transition",
        "portfolio": "acme",
        "system_id": "card-fraud",
        "system": "Card fraud",
        "month": "2026-10",
        "from_status": "positive",
        "to_status": "marginal_deterioration",
        "rule_id": "healthy_to_marginal",
        "evidence_months": ["2026-08", "2026-09"],
        "metric": 0.05,
        "metric_low": -0.01,
        "metric_high": 0.09,
        "hurdle": 0.12,
        "recommended_action": "rank options",
        "terms_version": "1",
        "edition": "edition2",
        "text": "Card fraud, 2026-10: positive -> marginal deterioration (healthy_to_marginal). "
        "rank options",
    }
    publish(acme, 5, 7, 10)
    notices.tell_published(acme)
    assert [each["month"] for each in receiver.got] == ["2026-10", "2026-07"]


def test_a_dead_receiver_fails_nothing_and_is_tried_again(
    acme: Portfolio, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    publish(acme, 9, 10)
    receiver.status = 500
    with caplog.at_level(logging.WARNING, "roi_pipeline"):
        assert notices.tell_published(acme) == []
    assert "HTTP 500" in caplog.text
    assert HIDDEN_PATH not in caplog.text
    receiver.status = 200
    assert len(notices.tell_published(acme)) == len(receiver.got) == 1


def test_nobody_listens(
    acme: Portfolio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish(acme, 10)
    monkeypatch.delenv(notices.VARIABLE, raising=False)
    assert notices.tell_published(acme) == notices.tell_failed(acme, [check()], []) == []
    assert not acme.state.exists()
    for address in (f"file:///{HIDDEN_PATH}", "http://127.0.0.1:1/", "nonsense"):
        monkeypatch.setenv(notices.VARIABLE, address)
        assert notices.tell_published(acme) == []
    assert HIDDEN_PATH not in caplog.text


def test_a_failure_is_told_once_until_something_is_published(
    acme: Portfolio, receiver: Receiver
) -> None:
    checks = [check(), check(severity="warning")]
    notices.tell_failed(acme, checks, ["asset check failed"])
    notices.tell_failed(acme, checks, ["asset check failed"])
    notices.tell_failed(acme, [], ["cannot reach postgresql://bi:hunter2@db/roi"])
    assert [each["event"] for each in receiver.got] == ["check_failed", "run_failed"]
    assert receiver.got[0]["text"].startswith("billing, fresh, 3 times: Bills reach")
    assert "hunter2" not in json.dumps(receiver.got)
    publish(acme, 9, 10)
    notices.tell_published(acme)
    notices.tell_failed(acme, checks, [])
    assert [each["event"] for each in receiver.got][2:] == ["status_transition", "check_failed"]
