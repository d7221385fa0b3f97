"""Promises 32 and 46 through the command and through Dagster: what files hold stays in them.

An e-mail address, a name and a card number are put where a file can hold text. Everything written
by a run, shown, logged, kept by Dagster or sent to the webhook is searched for them.
"""

import json
import logging
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner
from small_portfolio import small_portfolio

from roi_pipeline import automation, notices, portfolio
from roi_pipeline.cli import main
from roi_pipeline.ingest.receipt_files import QUARANTINE
from roi_pipeline.resource import RANGE_FIRST, RANGE_LAST

SEEDS = ("jane.quill@example.com", "Jane Quillfeather", "4111111111111111")
MAIL, PERSON, CARD = SEEDS
ROW = ",".join(SEEDS)
BILL = (
    "BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "BilledCost,EffectiveCost,BillingCurrency\n"
)
CHARGE = "2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,Usage"
REJECTED = {
    "inbox/billing/a.csv": f"{ROW}\n{ROW}\n",
    "inbox/billing/b.csv": f"{BILL}{CHARGE},1,1,{PERSON}\n",
    "inbox/billing/c.csv": f"{BILL}{CHARGE},{MAIL},1,USD\n",
    "inbox/billing/d.csv": f"{BILL}{CHARGE},1,1,USD\n",
    "inbox/billing/d.csv.manifest.json": json.dumps({MAIL: PERSON, "rows": int(CARD)}),
    "inbox/billing/e.csv": f"{BILL}{CHARGE},1,2,USD\n",
    "inbox/billing/e.csv.manifest.json": f'{{"sha256": "{PERSON}"}}',
    "inbox/capex/a.csv": f"{ROW},{MAIL}\n",
    "inbox/operating_costs/a.csv": f"entry_id,{PERSON},document_on\n{ROW}\n",
    "inbox/outcomes/a.csv": f"prediction_id,observed_at,outcome\n{ROW}\n",
    "inbox/outcomes/b.csv": f'"{ROW}\n',
    "inbox/predictions/card-watch/a.jsonl": json.dumps({MAIL: {PERSON: CARD}}) + "\n",
    "inbox/predictions/card-watch/b.jsonl": f'{{"{MAIL}": "\\ud800{PERSON}"}}\n',
    "inbox/predictions/claim-triage/a.csv": (
        "prediction_id,predicted_at,system_id,model_version,decision\n"
        f"1,2026-10-01T00:00:00Z,{MAIL},v1,{MAIL}\n"
        f"{'x' * 5_000_000}{MAIL},2026-10-01T00:00:00Z,claim-triage,v1,approve\n"
    ),
    "reference/allocation.csv": f"{ROW}\n{ROW}\n",
    "reference/options.csv": f"{PERSON},{PERSON}\n{ROW}\n",
}
PARQUET = f"""copy (select 1 as "{MAIL}", {{'{PERSON}': '{CARD}'}} as decision)
    to '{{}}' (format parquet)"""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.got.append(self.rfile.read(int(self.headers["Content-Length"])))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """The bodies that a webhook on this machine is sent."""
    server: Any = HTTPServer(("127.0.0.1", 0), _Handler)
    server.got = []
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(notices.VARIABLE, f"http://127.0.0.1:{server.server_port}/hook")
    yield server.got
    server.shutdown()
    server.server_close()


@pytest.fixture
def seeded(tmp_path: Path) -> Path:
    folder = small_portfolio(tmp_path / "small")
    for name, text in REJECTED.items():
        (folder / name).write_text(text)
    file = folder / "inbox/predictions/claim-triage/parquet.csv"
    duckdb.execute(PARQUET.replace("{}", str(file)))
    return folder


def leaks(*texts: bytes | str) -> list[str]:
    """The seeds that stand in any of the texts, as they are or as a log escapes them."""
    said = b"\0".join(text.encode() if isinstance(text, str) else text for text in texts)
    return [seed for seed in SEEDS if seed.encode() in said or seed[:12].encode() in said]


def written(folder: Path) -> dict[str, list[str]]:
    """The seeds in every file below a folder that nobody delivered, and in every stored table,
    but for the rows in quarantine."""
    found: dict[str, list[str]] = {}
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        if not file.is_file() or parts[0] in ("inbox", "reference"):
            continue
        text = b"" if file.name == QUARANTINE else file.read_bytes()
        if file.suffix == ".parquet":
            columns = "* exclude (row)" if file.name == QUARANTINE else "*"
            query = f"select {columns} from read_parquet($file)"
            text += str(duckdb.execute(query, {"file": str(file)}).fetchall()).encode()
        found[str(file)] = leaks(text)
    for database in folder.rglob("*.duckdb"):
        found |= stored(database)
    return {place: seeds for place, seeds in found.items() if seeds}


def stored(database: Path) -> dict[str, list[str]]:
    found = {}
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in tables:
            query = f'select columns(*)::varchar from "{schema}"."{table}"'
            found[f"{database.name} {table}"] = leaks(str(con.execute(query).fetchall()))
    return found


def test_rejections_through_the_command(
    seeded: Path,
    posted: list[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    arguments = ["--month", "2026-10", "--portfolio", str(seeded)]
    done = CliRunner().invoke(main, ["run", *arguments])
    machine = CliRunner().invoke(main, ["status", "--json", "--portfolio", str(seeded)])
    assert done.exit_code == 3, done.stdout + done.stderr
    names = [name for name in REJECTED if not name.endswith(".manifest.json")]
    assert [name for name in names if f"{name}: " not in done.stdout] == []
    assert posted, "the webhook is told"
    said = (done.stdout, done.stderr, machine.stdout, machine.stderr, caplog.text)
    assert leaks(*said, *posted) == []
    assert written(seeded) == {}


def dagster_run(folder: Path, instance: dg.DagsterInstance, posted: list[bytes]) -> str:
    """Run the month as Dagster does, and let its sensor tell; gives all events as text."""
    definitions = automation.definitions_of(portfolio.load(folder))
    tags = {RANGE_FIRST: "2026-10-01", RANGE_LAST: "2026-10-01"}
    result = definitions.resolve_job_def(automation.JOB).execute_in_process(
        instance=instance, tags=tags, raise_on_error=False
    )
    assert not result.success
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    (record,) = instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE
    ).records
    event = record.event_log_entry.dagster_event
    assert event is not None
    context = dg.build_run_status_sensor_context(
        "tell_failures", dagster_event=event, dagster_instance=instance, dagster_run=run
    ).for_run_failure()
    definitions.resolve_sensor_def("tell_failures")(context)
    assert posted, "the webhook is told"
    return "".join(str(event) for event in instance.all_logs(result.run_id))


def test_rejections_through_dagster(
    seeded: Path, posted: list[bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with dg.instance_for_test(temp_dir=str(home)) as instance:
        events = dagster_run(seeded, instance, posted)
        assert "inbox/billing/a.csv: the header lacks" in events
        assert leaks(events, *capfd.readouterr(), *posted) == []
        assert written(home) == {}
        assert written(seeded) == {}


@pytest.mark.parametrize("module", ["cells.built", "deliveries.create_views"])
def test_an_error_that_quotes_data_ends_a_step_without_it(
    tmp_path: Path,
    posted: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    module: str,
) -> None:
    """DuckDB's conversions and Python's ValueError quote the value they cannot read."""

    def broken(con: duckdb.DuckDBPyConnection, *_: object, **__: object) -> None:
        try:
            raise KeyError(PERSON)
        except KeyError:
            con.execute(f"select '{MAIL}'::varchar::integer")

    folder, home = small_portfolio(tmp_path / "small"), tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr(f"roi_pipeline.pipeline.run.{module}", broken)
    with dg.instance_for_test(temp_dir=str(home)) as instance:
        events = dagster_run(folder, instance, posted)
        assert "unexpected ConversionException" in events
        assert b"unexpected ConversionException" in b"".join(posted)
        assert leaks(events, *capfd.readouterr(), *posted) == []
        assert written(home) == {}
    command = CliRunner().invoke(main, ["run", "--month", "2026-10", "--portfolio", str(folder)])
    assert command.exit_code == 1
    assert "unexpected ConversionException" in command.stdout
    assert leaks(command.stdout, command.stderr) == []


QUARANTINED = {
    "inbox/billing/2026-10.csv": [
        *("acc", "INV", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-10-05T00:00:00Z"),
        *("2026-10-06T00:00:00Z", "Usage", "1", "1", PERSON, "Compute", ""),
    ],
    "inbox/predictions/claim-triage/2026-10.csv": [
        *("9", "2026-10-01T00:00:00Z", MAIL, "t1", MAIL, "0.020"),
    ],
    "inbox/outcomes/2026-10.csv": ["t-1", "2026-10-02T00:00:00Z", MAIL],
}


def test_what_is_quarantined_is_not_published(
    tmp_path: Path, posted: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """Rows with an address for a system, a name for a currency, and columns nobody knows."""
    folder = small_portfolio(tmp_path / "small")
    settings = folder / "portfolio.yaml"
    settings.write_text(
        settings.read_text().replace("quarantined_share: 0.05", "quarantined_share: 0.5")
    )
    for name, row in QUARANTINED.items():
        file = folder / name
        header, *rows = file.read_text().splitlines()
        known = "inbox/billing" in name  # a bill keeps what it does not know, with its data
        lines = [f"{row},1,2" for row in rows] if not known else rows
        header = header if known else f"{header},{MAIL},{PERSON}"
        bad = ",".join([*row, *(() if known else (CARD, CARD))])
        stat = file.stat()
        file.write_text("\n".join([header, *lines, bad]) + "\n")
        os.utime(file, (stat.st_atime, stat.st_mtime))
    caplog.set_level(logging.DEBUG)
    done = CliRunner().invoke(main, ["run", "--month", "2026-10", "--portfolio", str(folder)])
    assert "3 quarantined" in done.stdout or "4 quarantined" in done.stdout, (
        done.stdout + done.stderr
    )
    assert leaks(done.stdout, done.stderr, caplog.text, *posted) == []
    assert written(folder) == {}
