"""Promise 47 through the command: every other file is ingested, every rejection is listed once."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_portfolio import small_portfolio

from roi_pipeline.cli import main

BROKEN = {
    "inbox/billing/00.csv": b"BilledCost\r1\r",
    "inbox/predictions/card-watch/0.jsonl": b'{"prediction_id": "\\ud800"}\n',
    "inbox/outcomes/0.csv": b"prediction_id,observed_at\n1,2\n",
    "inbox/outcomes/0 again.csv": b"\xff\xfe\n",
    "inbox/operating_costs/0.csv": b"",
    "inbox/capex/0.csv": b"PK\x03\x04 not unpacked",
    "reference/allocation.csv": b"x\ny\n",
    "reference/facilities.csv": b'"\n',
}
HOSTILE = "inbox/billing/2026-08.csv"  # good, but for its manifest


@pytest.fixture(scope="module")
def rejected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """A portfolio with a broken file in every dataset, and what its run came to."""
    folder = small_portfolio(tmp_path_factory.mktemp("rejected") / "small")
    for name, body in BROKEN.items():
        (folder / name).write_bytes(body)
    (folder / f"{HOSTILE}.manifest.json").write_text('{"rows": 1e5000}')
    (Path(os.fsdecode(os.fsencode(folder / "inbox/outcomes") + b"/\xe9.csv"))).write_bytes(b"x\n")
    done = CliRunner().invoke(main, ["run", "--month", "2026-10", "--portfolio", str(folder)])
    return folder, done.exit_code, done.stdout + done.stderr


def test_every_rejection_is_listed_once_at_the_end(rejected: tuple[Path, int, str]) -> None:
    _, code, said = rejected
    assert code == 3, said
    assert "nothing published" in said
    names = [*BROKEN, HOSTILE, r"inbox/outcomes/\udce9.csv"]
    assert {name: said.count(f"{name}: ") for name in names} == dict.fromkeys(names, 1), said
    assert "error: " not in said, said


def test_every_other_file_is_ingested(rejected: tuple[Path, int, str]) -> None:
    """Also those of datasets that Dagster skips, because a table they are compared with failed."""
    folder, _, _ = rejected
    good = {
        str(file.relative_to(folder))
        for place in ("inbox", "reference")
        for file in (folder / place).rglob("*.*")
        if file.is_file() and not file.name.endswith(".manifest.json")
    }
    good -= {*BROKEN, HOSTILE, "reference/corrections.yaml"}
    receipts = (folder / "state" / "deliveries").rglob("receipt.json")
    taken = {json.loads(file.read_text())["deliveries"][0]["path"] for file in receipts}
    assert taken == {name for name in good if name.isprintable() and "\udce9" not in name}
