"""incremental == fresh (promise 42): after any edits, a run gives byte for byte the edition of a
run that builds everything anew from the same deliveries, journal and closed months.

Six sequences here; `make proof` runs a hundred.
"""

import os
import random
import re
import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from runner import close, run, write_reference
from small_company import bill, log, put, small_company, write_prices

from roi_pipeline.models import sql_models
from roi_pipeline.publish import editions

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
SEQUENCES = int(os.environ.get("ROI_SEQUENCES", "6"))
Edit = Callable[[Path, random.Random], None]


def _yaml(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    file = folder / "portfolio.yaml"
    said = yaml.safe_load(file.read_text())
    change(said)
    file.write_text(yaml.safe_dump(said, sort_keys=False))


def time_zone(folder: Path, dice: random.Random) -> None:
    """Months end at another midnight."""
    zone = dice.choice(["UTC", "Asia/Kolkata", "America/New_York"])
    _yaml(folder, lambda said: said.update(time_zone=zone))


def horizon(folder: Path, dice: random.Random) -> None:
    """Outcomes count for longer or shorter."""
    days = dice.choice([10, 40, 90])

    def change(said: dict[str, object]) -> None:
        said["systems"][0]["outcome_horizon_days"] = days  # type: ignore[index]

    _yaml(folder, change)


def mapping(folder: Path, dice: random.Random) -> None:
    """A column of the bills is read from another one, or a constant."""
    column = dice.choice(["ServiceName", "ChargeDescription", "=Compute"])

    def change(said: dict[str, object]) -> None:
        said["sources"][0]["columns"] = {"service_category": column}  # type: ignore[index]

    _yaml(folder, change)


def price(folder: Path, dice: random.Random) -> None:
    """Another price from a month on."""
    month = dice.choice(["2026-02-01", "2026-03-01"])
    write_prices(
        folder, ("card-fraud", "flag/good", "case", str(-dice.randint(1, 9)), "USD", month)
    )


def rule(folder: Path, dice: random.Random) -> None:
    """What nobody claimed belongs to a system, or not."""
    tag = (1, "billing", "tags", "app", "glob", "*", "{value}")
    rest = (2, "billing", "service_name", "", "equals", "Inference", "line-check")
    write_reference(folder, "cost_categories", *([tag, rest] if dice.random() < 0.5 else [tag]))


def late_bill(folder: Path, dice: random.Random) -> None:
    """A month's bill is exported again with one line more."""
    month = date(2026, dice.choice([1, 2, 3]), 1)
    day = dice.randint(21, 28)
    extra = [("card-fraud", f"{dice.randint(1, 99)}.25")]
    name = f"{month:%Y-%m}-{day}-{dice.randint(0, 9)}"
    bill(folder, month, extra, name=name, exported_at=f"2026-05-{day}T00:00:00Z")


def cost(folder: Path, dice: random.Random) -> None:
    """An invoice, for one month or spread over several."""
    number, month = dice.randint(0, 999), dice.choice([1, 2, 3])
    text = (
        "entry_id,document_on,service_start,service_end,amount,currency,category,system_id\n"
        f"inv-{number},2026-0{month}-20,2026-0{month}-01,2026-04-30,{number}.17,USD,labour,card-fraud\n"
    )
    put(folder, f"operating_costs/inv-{number}.csv", text)


def new_month(folder: Path, dice: random.Random) -> None:
    """The predictions of April arrive."""
    log(folder, APRIL, 4)


def lost_files(folder: Path, dice: random.Random) -> None:
    """Any half of what was built is deleted."""
    built = sorted((folder / "state" / "tables").rglob("*.parquet"))
    built += sorted((folder / "state" / "tables").rglob("*.json"))
    for file in dice.sample(built, len(built) // 2):
        file.unlink()


def lost_index(folder: Path, dice: random.Random) -> None:
    """What remembers which paths were read is gone."""
    shutil.rmtree(folder / "state" / "index", ignore_errors=True)


def look_back(folder: Path, dice: random.Random) -> None:
    """Somebody asks what was known earlier."""
    run(folder, date(2026, 2, 1), datetime(2026, 2, dice.randint(1, 28)))


def close_month(folder: Path, dice: random.Random) -> None:
    """January is closed with what is published."""
    run(folder, MARCH)
    close(folder, date(2026, 1, 1))


def code(folder: Path, dice: random.Random) -> None:
    """A model is edited: another share of what invoices say is booked."""
    file = sql_models.package_folder("sql") / "cost" / "operating.sql"
    share = dice.choice(["0.5", "1.0", "1.5"])
    amount = f"    cast(amount * {share} as decimal(38, 18)) as amount,\n"
    pattern = r"    (amount|cast\(amount \* [0-9.]+ as decimal\(38, 18\)\) as amount),\n"
    file.write_text(re.sub(pattern, amount, file.read_text(), count=1))


EDITS: tuple[Edit, ...] = (
    *(time_zone, horizon, mapping, price, rule, late_bill, cost, new_month),
    *(lost_files, lost_index, look_back, close_month, code),
)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months, published; copied for every sequence."""
    folder = small_company(tmp_path_factory.mktemp("incremental") / "acme", months=3, per_day=2)
    run(folder, MARCH)
    return folder


@pytest.mark.slow
@settings(
    max_examples=SEQUENCES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=st.lists(st.sampled_from(EDITS), min_size=1, max_size=4), seed=st.integers(0, 10_000))
def test_incremental_is_fresh(
    company: Path,
    tmp_path_factory: pytest.TempPathFactory,
    edits: list[Edit],
    seed: int,
) -> None:
    folder = tmp_path_factory.mktemp("sequence")
    kept, fresh = folder / "kept", folder / "fresh"
    shutil.copytree(company, kept)
    shutil.copytree(sql_models.package_folder("sql"), folder / "sql")
    dice = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        own = sql_models.package_folder
        patch.setattr(
            sql_models, "package_folder", lambda n: folder / "sql" if n == "sql" else own(n)
        )
        for number, edit in enumerate(edits):
            edit(kept, dice)
            if number % 2:
                run(kept, MARCH)
        incremental = run(kept, MARCH)
        shutil.copytree(kept, fresh, ignore=shutil.ignore_patterns("marts"))
        for built in ("tables", "index", "checks", "tmp"):
            shutil.rmtree(fresh / "state" / built, ignore_errors=True)
        anew = run(fresh, MARCH)
    assert anew.name == incremental.name
    assert files_of(fresh, anew) == files_of(kept, incremental)
    shutil.rmtree(folder)


def files_of(folder: Path, edition: editions.Edition) -> dict[str, bytes]:
    """The files of an edition, without the row that says when it was published."""
    found = sorted((folder / "marts" / edition.name).glob("*.parquet"))
    return {file.stem: file.read_bytes() for file in found if file.stem != editions.PUBLICATION}
