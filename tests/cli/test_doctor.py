"""`doctor` says what `run` says: a fault is found by both, in the same words, or by neither."""

import gzip
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from command_line import Said, said
from small_portfolio import MONTHS, bill, put, small_portfolio

from roi_pipeline import examination, portfolio
from roi_pipeline.publish import editions

SCENARIO = """-- Claims, by the case.
-- grain: cell_id, driver
select cell_id, 'claim' as driver, 'claim' as priced_as, 'case' as unit, 'case' as measure,
    cast(1 as decimal(18, 9)) as factor, 'direct' as category
from value_cell where scenario = 'claims'
"""
Damage = Callable[[Path], object]


@dataclass(frozen=True)
class Fault:
    """What is done to a portfolio that runs, the exit code of its run, and what both name."""

    damage: Damage
    code: int
    words: tuple[str, ...] = ()
    is_seen_before_marts: bool = True


def edited(name: str, old: str, new: str, times: int = 1) -> Damage:
    """One or more places of a file changed."""

    def damage(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        put(folder / name, text.replace(old, new, times), MONTHS[0])

    return damage


def added(name: str, text: str) -> Damage:
    """A file, or lines at the end of one."""

    def damage(folder: Path) -> None:
        file = folder / name
        put(file, (file.read_text() if file.is_file() else "") + text, MONTHS[0])

    return damage


def without(name: str) -> Damage:
    """A file, or a folder, that is not there."""
    return lambda folder: [
        shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()
    ]


def settings(edit: Callable[[dict], object]) -> Damage:
    """portfolio.yaml with something changed in it."""

    def damage(folder: Path) -> None:
        file = folder / "portfolio.yaml"
        given = yaml.safe_load(file.read_text())
        edit(given)
        put(file, yaml.safe_dump(given, sort_keys=False), MONTHS[0])

    return damage


def cut(folder: Path) -> None:
    settings(lambda given: given["sources"][0].update(path="inbox/billing/*"))(folder)
    packed = gzip.compress(bill(MONTHS[2]).encode(), mtime=0)
    (folder / "inbox/billing/2026-10.csv").unlink()
    (folder / "inbox/billing/2026-10.csv.gz").write_bytes(packed[:-20])


def closed(folder: Path) -> None:
    """The first month run, published and closed."""
    for command in (("run", "--month", "2026-08"), ("close", "2026-08", "--by", "me")):
        assert said(*command, "--portfolio", folder).code == 0


def own_scenario(text: str) -> Damage:
    """A scenario of the portfolio's own, which its first system uses."""

    def damage(folder: Path) -> None:
        put(folder / "sql/value/claims.sql", text, MONTHS[0])
        settings(lambda given: given["systems"][0].update(scenario="claims"))(folder)

    return damage


def all_of(*damages: Damage) -> Damage:
    """Several faults at once."""
    return lambda folder: [damage(folder) for damage in damages]


def edited_table(edit: Callable[[str], str], *words: str) -> Fault:
    """A fault of prices.csv, or none, where nothing else was delivered."""

    def damage(folder: Path) -> None:
        file = folder / "reference" / "prices.csv"
        put(file, edit(file.read_text()), MONTHS[0])

    return Fault(all_of(without("inbox"), damage), 3, words)


BILL, PREDICTIONS = "inbox/billing/2026-09.csv", "inbox/predictions/claim-triage/2026-09.csv"
FAULTS = {
    "none": Fault(lambda _: None, 0),
    "a row with currency ZZZ": Fault(
        edited(BILL, ",USD,", ",ZZZ,"), 0, (f"{BILL} row 1: unknown billing_currency",)
    ),
    "currency ZZZ in many rows": Fault(
        edited(BILL, ",USD,", ",ZZZ,", 9), 3, (BILL, "billing_currency", "row 1, 2, 3, 4, 5, …")
    ),
    "a file with semicolons": Fault(
        edited(BILL, ",", ";", -1), 3, (BILL, "the header lacks 'billing_period_start'")
    ),
    "an unknown key": Fault(
        settings(lambda given: given.update(reporting_curency="USD")),
        2,
        ("portfolio.yaml: reporting_curency: unknown key", "did you mean"),
    ),
    "a source maps a column that is none": Fault(
        settings(lambda given: given["sources"][1].update(columns={"asset": "id"})),
        2,
        ("portfolio.yaml: sources.capex.columns", "'asset'"),
    ),
    "a missing column": Fault(
        edited("reference/prices.csv", "unit_price", "price"),
        3,
        ("reference/prices.csv", "lacks 'unit_price'", "may be column 4"),
    ),
    "a gz that is cut": Fault(cut, 3, ("inbox/billing/2026-10.csv.gz", "cut")),
    "no rate": Fault(
        edited(BILL, ",USD,", ",EUR,", -1), 3, ("fx: no rate for EUR on or before 2026-09",)
    ),
    "no price": Fault(
        edited("reference/prices.csv", "approve/bad", "approve/other"),
        3,
        ("reference/prices.csv: no price for approve/bad (case) of claim-triage from 2026-08",),
    ),
    "no baseline": Fault(
        without("reference/baselines.csv"),
        0,
        (
            "reference/baselines.csv: missing",
            "reference/baselines.csv: no baseline of 'card-watch'",
        ),
    ),
    "a baseline that reaches go-live": Fault(
        edited("reference/baselines.csv", "2026-06-30", "2026-08-01"),
        3,
        ("reference/baselines.csv: row 1, recall of card-watch: window_end 2026-08-01",),
    ),
    "a scenario of two statements": Fault(
        own_scenario(SCENARIO + "; select 1"), 2, ("sql/value/claims.sql: 2 statements",)
    ),
    "a scenario with a column that is not there": Fault(
        own_scenario(SCENARIO.replace("select cell_id", "select cell_idd as cell_id")),
        2,
        ("sql/value/claims.sql", "cell_idd"),
    ),
    "an unknown scenario": Fault(
        settings(lambda given: given["systems"][0].update(scenario="claim")),
        2,
        ("portfolio.yaml: systems[0].scenario 'claim'",),
    ),
    "no `positive`": Fault(
        settings(lambda given: given["systems"][1].pop("positive")),
        2,
        ("systems.card-watch.positive: missing",),
    ),
    "a bad date": Fault(
        edited("reference/terms.csv", "2026-08-01", "01/08/2026"),
        3,
        ("reference/terms.csv: 1 of 5 rows", "bad valid_from 1", "row 1", "YYYY-MM-DD"),
    ),
    "a term set after the fact": Fault(
        edited("reference/terms.csv", "2026-07-15T", "2026-09-15T"),
        3,
        ("reference/terms.csv: row 1: back-dated",),
    ),
    "too many rows quarantined": Fault(
        edited(PREDICTIONS, ",approve,", ",,", 9),
        3,
        (PREDICTIONS, "10 of 62 rows cannot be used (missing decision 10)", "more than 5.00 %"),
    ),
    "no key to hash with": Fault(
        all_of(
            settings(lambda given: given["sources"][3].update(columns={"entity_id": "decision"}))
        ),
        2,
        ("inbox/predictions/claim-triage/2026-08.csv", "ROI_PII_KEY"),
    ),
    "one file good, one bad": Fault(
        added("inbox/capex/2026-09.csv", "asset_id\nSRV-2\n"),
        3,
        ("inbox/capex/2026-09.csv: the header lacks",),
    ),
    "two files bad": Fault(
        all_of(
            added("inbox/capex/2026-09.csv", "asset_id\nSRV-2\n"),
            edited("reference/prices.csv", "14.50", '"14,50"'),
        ),
        3,
        ("inbox/capex/2026-09.csv", "reference/prices.csv", "bad unit_price 1", "row 1"),
    ),
    "an empty inbox": Fault(without("inbox"), 3, ("billing, not_empty",)),
    "shares that leave a tenth": Fault(
        edited("reference/allocation.csv", "0.75", "0.65"), 3, ("allocation, shares_add_up",)
    ),
    "a correction that is none": Fault(
        added("reference/corrections.yaml", "- id: x\n"), 2, ("reference/corrections.yaml",)
    ),
    "the state of version 0.1.0": Fault(
        added("state/warehouse.duckdb", "x"), 2, ("/state/warehouse.duckdb: was made by",)
    ),
    "a state that is a file": Fault(added("state", "x"), 2, ("/state: ", "can be written")),
    # Tables that people edit, with nothing delivered: a run reads them all, whatever one says.
    "a column twice": edited_table(
        lambda text: text.replace("unit,", "unit,unit,", 1), "the header has 'unit' more than once"
    ),
    "a German number": edited_table(
        lambda text: text.replace("14.50", '"14,50"'), "bad unit_price 1", "row 1", "decimal point"
    ),
    "not a number": edited_table(
        lambda text: text.replace("-3,", "nan,"), "bad unit_price 1", "row 6"
    ),
    "an empty cell": edited_table(
        lambda text: text.replace("bad,case", "bad,", 1), "missing unit 1", "row 2"
    ),
    "a comma too many": edited_table(
        lambda text: text.replace("time study", "a, b", 1), "too many columns 1", "row 1"
    ),
    "an open quote": edited_table(lambda text: text.replace("time study", '"a', 1), "quote"),
    "an empty file": edited_table(lambda _: "", "empty"),
    "no header": edited_table(
        lambda text: text.partition("\n")[2], "header column 7, 8 has no name"
    ),
    "a column that nobody reads": edited_table(lambda text: text.replace("\n", ",x\n")),
    "a row of another system": edited_table(
        lambda text: text + "card-wach,x,case,1,USD,2026-08-01,,,y\n",
        "1 row for one system that portfolio.yaml does not have",
    ),
    "a time without an offset": Fault(
        all_of(without("inbox"), edited("reference/terms.csv", "T09:00:00Z", "T09:00:00")),
        3,
        ("billing, not_empty",),
    ),
    # Only computing a mart shows what follows, and doctor computes none.
    "a hurdle below -100 %": Fault(
        edited("reference/terms.csv", "hurdle_rate_annual,0.12", "hurdle_rate_annual,-2"),
        2,
        ("hurdle_rate_annual -2",),
        is_seen_before_marts=False,
    ),
    "a hurdle convention that is none": Fault(
        edited("reference/terms.csv", "grace_months,1,months", "hurdle_convention,monthly,"),
        2,
        ("hurdle_convention 'monthly'",),
        is_seen_before_marts=False,
    ),
    "a term of a closed month": Fault(
        all_of(closed, edited("reference/terms.csv", "grace_months,1,months", "grace_months,9,")),
        3,
        ("reference/terms.csv: row 3: grace_months of claim-triage",),
        is_seen_before_marts=False,
    ),
}

CHECKED = (
    *("no rate", "a baseline that reaches go-live", "shares that leave a tenth"),
    "a scenario with a column that is not there",
)


def marks(name: str) -> list[pytest.MarkDecorator]:
    """Slow is what checks all that was delivered, or publishes, but for one of each kind."""
    quick = ("a row with currency ZZZ", "no price", "an empty inbox")
    is_slow = FAULTS[name].code == 0 or not FAULTS[name].is_seen_before_marts or name in CHECKED
    return [pytest.mark.slow] if is_slow and name not in quick else []


def found_by(answer: Said) -> set[str]:
    """What keeps a run from publishing, as a command says it to machines."""
    document = answer.json
    checks = [
        check for check in document.get("failed_checks", ()) if check["severity"] != "warning"
    ]
    named = [f"{check['table']}, {check['name']}: {check['failing']}" for check in checks]
    error = [document["error"]] if document.get("error") else []
    return {*error, *named, *document.get("refused", ())}


def hinted(answer: Said) -> set[str]:
    """What doctor hints at."""
    return {f"{hint['where']}: {hint['what']}" for hint in answer.json.get("hints", ())}


def listing(folder: Path) -> dict[str, str]:
    """Every file but temporary ones, with its checksum."""
    return {
        str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and not file.is_relative_to(folder / "state" / "tmp")
    }


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in FAULTS])
def test_a_fault_is_found_by_doctor_and_run_or_by_neither(tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    folder = small_portfolio(tmp_path / "small")
    fault.damage(folder)
    before = listing(folder)
    month = ("--month", "2026-10", "--json", "--portfolio", folder)
    doctor = said("doctor", *month)
    assert listing(folder) == before
    run = said("run", *month)
    assert run.code == fault.code, run.out
    if not fault.is_seen_before_marts:
        assert (doctor.code, found_by(doctor)) == (0, set())
        assert [word for word in fault.words if word not in run.json["error"]] == []
        return
    assert doctor.code == run.code, doctor.out
    assert found_by(doctor) == found_by(run)
    assert bool(found_by(run)) == bool(run.code)
    assert doctor.json.get("intake") == run.json.get("intake")
    said_of_it = "\n".join(found_by(doctor) | hinted(doctor))
    assert [word for word in fault.words if word not in said_of_it] == [], said_of_it


def test_what_is_ingested_already_is_not_read_again_and_not_touched(copy: Path) -> None:
    """Prices are edited, a file is delivered and a bill is touched: state stays as it is."""
    edited("reference/prices.csv", "14.50", "15.5")(copy)
    file = copy / "inbox" / "operating_costs" / "2026-10.csv"
    put(file.with_name("more.csv"), file.read_text().replace("202610-", "more-"), MONTHS[1])
    (copy / "inbox" / "billing" / "2026-10.csv").touch()
    before = listing(copy)
    answer = said("doctor", "--month", "2026-10", "--json", "--portfolio", copy)
    assert (answer.code, answer.json["intake"]["files"]) == (0, 2), answer.out
    assert listing(copy) == before
    assert [*(copy / "state" / "tmp").glob("*/tmp*")] == []


def test_a_folder_of_marts_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    put(tmp_path / "marts", "", MONTHS[0])
    with pytest.raises(NotADirectoryError):
        editions.refuse_unwritable(tmp_path / "marts")
    editions.refuse_unwritable(tmp_path / "none yet")
    editions.refuse_unwritable(tmp_path)
    assert [*tmp_path.iterdir()] == [tmp_path / "marts"]


def test_nothing_new_is_told_as_such(small: Path) -> None:
    assert said("doctor", "--portfolio", small).out == "no new files\nready to run\n"


@pytest.mark.parametrize("header", [True, False])
def test_doctor_quotes_nothing_of_a_table(tmp_path: Path, header: bool) -> None:
    """Promise 46: a table without its header, or with data in the wrong column."""
    person = "Jane Quillfeather,jane@example.com,jane@example.com,4111111111111111,Jane,Jane,,,Jane"
    edit = edited_table(lambda text: (text.partition("\n")[0] + "\n") * header + person + "\n")
    folder = small_portfolio(tmp_path / "small")
    edit.damage(folder)
    answer = said("doctor", "--json", "--portfolio", folder)
    assert answer.code == 3
    for word in ("Quill", "jane", "4111"):
        assert word not in answer.out + answer.err


def test_a_full_disk_is_hinted_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "FREE_BYTES", 10**18)
    folder = small_portfolio(tmp_path / "small")
    (hint,) = examination.of_portfolio(portfolio.load(folder))
    assert "GB free on this disk" in hint.what


def test_a_person_reads_the_same_lines(tmp_path: Path) -> None:
    folder = small_portfolio(tmp_path / "small")
    all_of(FAULTS["two files bad"].damage, FAULTS["no baseline"].damage)(folder)
    doctor, run = said("doctor", "--portfolio", folder), said("run", "--portfolio", folder)
    lines = [line for line in run.out.splitlines() if not line.startswith("nothing published")]
    assert doctor.out.splitlines()[: len(lines)] == lines
    assert doctor.out.splitlines()[-1] == "a run would publish nothing"
    assert "\nhint: reference/baselines.csv: missing" in doctor.out
