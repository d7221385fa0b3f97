"""The same inputs and code give the same bytes, whatever the machine, the order or the day
(promises 2, 7, 16, 18, 25, 38)."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from runner import run, unchecked
from small_company import bill, put, write_prices

from roi_pipeline.engines import duckdb as duckdb_engine
from roi_pipeline.errors import RoiError
from roi_pipeline.publish import editions
from roi_pipeline.publish.editions import current, verify

ROOT = Path(__file__).parent.parent.parent
JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))


def bytes_of(folder: Path) -> dict[str, bytes]:
    """The files of the current edition; the row about the publication tells its own time."""
    named = json.loads((folder / "marts" / "current.json").read_text())["edition"]
    files = sorted((folder / "marts" / named).glob("*.parquet"))
    return {file.stem: file.read_bytes() for file in files if file.stem != editions.PUBLICATION}


def set_engine(folder: Path, **engine: object) -> None:
    file = folder / "portfolio.yaml"
    given = yaml.safe_load(file.read_text())
    given["engine"] |= engine
    file.write_text(yaml.safe_dump(given))


@pytest.mark.parametrize(
    "threads", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
)
def test_files_in_any_order_and_any_number_of_threads_give_the_same_bytes(
    published: Path, again: Callable[[], Path], threads: int
) -> None:
    """Files land one by one, each seen by a run of its own, in an order of chance; a corrected
    bill is seen before the bill that it corrects."""
    folder = again()
    set_engine(folder, threads=threads)
    inbox = sorted(file for file in (folder / "inbox").rglob("*") if file.is_file())
    random.Random(threads).shuffle(inbox)
    (folder / "later").mkdir()
    held = {file: file.rename(folder / "later" / f"{k}") for k, file in enumerate(inbox)}
    for batch in (inbox[:3], inbox[3:5], inbox[5:]):
        for file in batch:
            held[file].rename(file)
        with unchecked(folder, MARCH) as opened:
            for dataset in ("outcomes", "billing", "predictions"):
                opened.ingest(dataset)
    run(folder, MARCH)
    assert bytes_of(folder) == bytes_of(published)


@pytest.mark.slow
def test_versions_of_a_bill_in_any_order(again: Callable[[], Path]) -> None:
    """The newest export of a month counts, however late it is seen."""
    found = []
    for names in (("old", "new"), ("new", "old")):
        folder = again()
        for name in names:
            day = {"old": 1, "new": 2}[name]
            extra = [("card-fraud", f"{day}.5")]
            exported_at = f"2026-05-2{day}T00:00:00Z"
            bill(folder, FEBRUARY, extra, name=f"feb-{name}", exported_at=exported_at)
            with unchecked(folder, MARCH) as opened:
                opened.ingest("billing")
        run(folder, MARCH)
        found.append(bytes_of(folder))
    assert found[0] == found[1]
    live = duckdb.execute(
        "select path from read_parquet($file) where dataset = 'billing' and is_live order by 1",
        {"file": str(sorted((folder / "marts").glob("*/deliveries.parquet"))[0])},
    ).fetchall()
    assert live == [
        ("inbox/billing/2026-01.csv",),
        ("inbox/billing/2026-03.csv",),
        ("inbox/billing/feb-new.csv",),
    ]


def test_a_second_run_writes_nothing_new(company: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in (company / "marts").glob("*/*")}
    first = current(company / "marts")
    assert first is not None
    assert run(company, MARCH).name == first.name
    after = {file: file.stat().st_mtime_ns for file in (company / "marts").glob("*/*")}
    assert after == before


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
def test_the_zone_of_the_machine_does_not_matter(
    published: Path, again: Callable[[], Path], zone: str
) -> None:
    folder = again()
    code = (
        "import sys; from datetime import date; from pathlib import Path; "
        "from runner import run; run(Path(sys.argv[1]), date(2026, 3, 1))"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "real")])
    environment = {**os.environ, "TZ": zone, "PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", code, str(folder)], env=environment, check=True)
    assert bytes_of(folder) == bytes_of(published)


@pytest.mark.parametrize(
    "word", ["::double", "::float", r"now\(\)", "current_", r"random\(", r"uuid\(", "get_current"]
)
def test_no_model_reads_a_clock_or_a_die(word: str) -> None:
    """What could differ from run to run stands in no model (promise 2, 18)."""
    files = sorted((ROOT / "sql").rglob("*.sql"))
    assert len(files) > 40
    found = [file.name for file in files if re.search(word, file.read_text().lower())]
    assert found == []


def test_only_publication_and_closing_ask_for_the_time() -> None:
    """The month is an argument: a run on another day gives the same edition (promise 18)."""
    asks = re.compile(r"datetime\.now|date\.today|time\.time\(|utcnow|\bnow\(\)")
    package = ROOT / "roi_pipeline"
    layers = [package / name for name in ("pipeline", "engines", "marts", "domain", "publish")]
    files = {file for layer in layers for file in layer.rglob("*.py")}
    assert {file.name for file in files if asks.search(file.read_text())} <= {
        "editions.py",  # published_at
        "journal.py",  # when a person decided
    }


def test_a_later_price_leaves_earlier_months_alone(company: Path) -> None:
    """A price valid from March changes no byte of what February says (promise 38)."""
    first = run(company, FEBRUARY).name
    before = _tables(company, first)
    price = [("card-fraud", "flag/good", "case", "-5", "USD", "2026-03-01")]
    write_prices(company, *price)
    again = run(company, FEBRUARY).name
    after = _tables(company, again)
    assert again == first
    assert after == before
    march = _tables(company, run(company, MARCH).name)
    assert march["value_attribution_monthly"] != after["value_attribution_monthly"]


def _tables(folder: Path, edition: str) -> dict[str, bytes]:
    files = sorted((folder / "marts" / edition).glob("*.parquet"))
    return {file.stem: file.read_bytes() for file in files if file.stem != editions.PUBLICATION}


def test_buckets_give_the_cells_of_one_pass(
    published: Path, again: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small memory limit cuts the ids into many parts; their sums are the same (promise 16)."""
    monkeypatch.setattr(duckdb_engine, "ROWS_PER_BUCKET_AND_GB", 20)
    assert duckdb_engine.bucket_count(360, "2GB") == 9
    folder = again()
    run(folder, MARCH)
    assert bytes_of(folder) == bytes_of(published)


def test_a_flipped_bit_is_found(company: Path) -> None:
    """60 flips in the files of an edition, 60 times the file is named (promise 7)."""
    edition = current(company / "marts")
    assert edition is not None
    folder = company / "marts" / edition.name
    verify(folder, edition.tables)
    dice = random.Random(7)
    for _ in range(60):
        name = dice.choice(sorted(edition.tables))
        file = folder / f"{name}.parquet"
        good = file.read_bytes()
        bit = dice.randrange(len(good) * 8)
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        file.chmod(0o644)
        file.write_bytes(bad)
        with pytest.raises(RoiError, match=re.escape(str(file))):
            verify(folder, edition.tables)
        file.write_bytes(good)
    verify(folder, edition.tables)
    file.write_bytes(bad)
    with pytest.raises(RoiError, match="is not what was published"):
        run(company, MARCH)
    file.unlink()
    with pytest.raises(RoiError, match="is not what was published"):
        verify(folder, edition.tables)


def test_no_number_that_is_none(company: Path) -> None:
    """No DOUBLE in any mart, so neither NaN nor infinity; ratios are decimals (promise 25)."""
    edition = current(company / "marts")
    assert edition is not None
    for name in edition.tables:
        file = str(company / "marts" / edition.name / f"{name}.parquet")
        described = duckdb.execute("describe from read_parquet($file)", {"file": file}).fetchall()
        kinds = {kind for _, kind, *_ in described}
        assert not {kind for kind in kinds if kind.startswith(("DOUBLE", "FLOAT", "REAL"))}, name


def test_every_table_says_its_rows_and_its_checksum(company: Path) -> None:
    """`current.json` is what readers go by (contracts §4)."""
    said = json.loads((company / "marts" / "current.json").read_text())
    keys = {"edition", "published_at", "as_of", "months", "code_version", "inputs_sha256", "tables"}
    keys |= {"closed_months", "deliveries", "stored", "time_zone"}
    assert set(said) == keys
    assert said["months"] == ["2026-01", "2026-02", "2026-03"]
    assert said["as_of"] == "2026-04-01T00:00:00Z"
    for name, about in said["tables"].items():
        file = company / "marts" / said["edition"] / f"{name}.parquet"
        (rows,) = duckdb.execute("select count(*) from read_parquet(?)", [str(file)]).fetchone()
        assert rows == about["rows"], name
    database = company / "marts" / "marts.duckdb"
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute("select table_name, estimated_size from duckdb_tables()").fetchall()
        assert {name for name, _ in tables} == {*said["tables"], editions.PUBLICATION}
        (published,) = con.execute("select edition from marts.publication").fetchall()
        assert published == (said["edition"],)
        (version,) = con.execute(
            "select tags['storage_version'] from duckdb_databases() where not internal"
        ).fetchall()
        assert version[0].startswith("v1.2")  # drivers of BI tools lag behind


@pytest.mark.parametrize("dataset", ["billing", pytest.param("outcomes", marks=pytest.mark.slow)])
def test_other_inputs_give_another_edition(company: Path, dataset: str) -> None:
    """The test that the tests above can fail: one cent, or one outcome, is another edition."""
    before = current(company / "marts")
    if dataset == "billing":
        bill(company, FEBRUARY, [("card-fraud", "0.01")], exported_at="2026-05-21T00:00:00Z")
    else:
        late = "prediction_id,observed_at,outcome\n2026-02-00009,2026-03-02T00:00:00Z,bad\n"
        put(company, "outcomes/late.csv", late, datetime(2026, 6, 2, tzinfo=UTC))
    after = run(company, MARCH)
    assert before is not None
    assert (after.name, after.inputs_sha256) != (before.name, before.inputs_sha256)
    assert after.name != before.name


def test_every_process_has_the_same_code_version() -> None:
    """The order of the models, and with it the version of the code, is no matter of chance."""
    code = "from roi_pipeline.models import registry; print(*registry.load())"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
