"""The bytes that were hashed are the bytes that are read: no file name and no folder changes what a
delivery holds."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest
import yaml
from company import PREDICTION, PREDICTIONS, SYSTEM, Company, lines

from roi_pipeline import warehouse
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest import deliveries, discovery
from roi_pipeline.portfolio import load

Write = Callable[[Path, str], None]
NAMES = (  # a name, and siblings that it matches as a pattern
    ("oct[1]", ("oct1",)),
    ("o[!x]t", ("oct", "oat")),
    ("a*b", ("ab", "axxb")),
    ("**", ("one", "two")),
    ("q?", ("qa", "qb")),
    ("{a,b}", ("a", "b")),
    ("back\\[s]", ("backs", "back\\s")),
    ("[[]1]", ("[1]",)),
    ("amount=7", ("amount=8",)),
    ("it's", ("its",)),
    ("~", ("home",)),
    ("x.csv.gz", ("x.csv",)),
    ("x.csv.zst", ("x.csv",)),
    ("x.parquet", ("x",)),
    ("a::b", ("b",)),
)


def rows_of(mark: str) -> list[str]:
    return [PREDICTION.format(i=f"{mark}-{i}") + ",5" for i in range(2)]


def as_csv(file: Path, mark: str) -> None:
    file.write_text(lines(PREDICTIONS + ",amount", rows_of(mark)))


def as_packed_csv(file: Path, mark: str) -> None:
    file.write_bytes(gzip.compress(lines(PREDICTIONS + ",amount", rows_of(mark)).encode()))


def as_broken_csv(file: Path, mark: str) -> None:
    """One line of 200 is malformed, so the slow path reads the file."""
    good = [PREDICTION.format(i=f"{mark}-{i}") + ",5" for i in range(200)]
    file.write_text(lines(PREDICTIONS + ",amount", [*good, "too,few"]))


def as_json(file: Path, mark: str) -> None:
    keys = (PREDICTIONS + ",amount").split(",")
    rows = (json.dumps(dict(zip(keys, row.split(","), strict=True))) for row in rows_of(mark))
    file.write_text("\n".join(rows) + "\n")


def as_parquet(file: Path, mark: str) -> None:
    keys = (PREDICTIONS + ",amount").split(",")
    listed = " union all ".join(
        "select " + ", ".join(f"'{v}' as {k}" for k, v in zip(keys, row.split(","), strict=True))
        for row in rows_of(mark)
    )
    plain = file.parent.parent / "written.parquet"
    duckdb.connect().execute(f"copy ({listed}) to '{plain}' (format parquet)")
    plain.rename(file)


FORMS = (as_csv, as_packed_csv, as_broken_csv, as_json, as_parquet)


def held(company: Company) -> dict[str, set[str]]:
    """The marks of the rows that each delivered file became, and the amounts."""
    found = company.rows(
        "select path, substr(split_part(prediction_id, '-', 1), 2) || ' ' || amount::integer "
        "from predictions join deliveries using (delivery_id)"
    )
    marks: dict[str, set[str]] = {}
    for path, mark in found:
        marks.setdefault(path, set()).add(mark)
    return marks


@pytest.mark.parametrize("write", FORMS, ids=lambda write: write.__name__)
@pytest.mark.parametrize(("name", "siblings"), NAMES, ids=[name for name, _ in NAMES])
def test_a_file_is_read_as_itself_whatever_its_name(
    logs: Company, write: Write, name: str, siblings: tuple[str, ...]
) -> None:
    folder = logs.folder / "inbox" / "predictions"
    folder.mkdir(parents=True)
    names = (name, *siblings)
    for place, each in enumerate(names):
        write(folder / each, f"m{place}")
    assert logs.ingest("predictions").refused == ()
    assert held(logs) == {
        f"inbox/predictions/{each}": {f"m{place} 5"} for place, each in enumerate(names)
    }


@pytest.mark.parametrize("write", FORMS, ids=lambda write: write.__name__)
def test_no_folder_name_adds_or_overrides_a_column(
    make: Callable[..., Company], write: Write
) -> None:
    company = make({"dataset": "predictions", "path": "inbox/**/*.log"})
    folder = company.folder / "inbox/amount=9/system_id=other/decision=allow/entity_id=x"
    folder.mkdir(parents=True)
    write(folder / "a.log", "m0")
    assert company.ingest("predictions").refused == ()
    assert list(held(company).values()) == [{"m0 5"}]
    assert company.rows("select distinct system_id, decision, entity_id from predictions") == [
        ("card-fraud", "block", None)
    ]


@pytest.mark.parametrize("name", ["a[1]", "env=prod", "amount=9", "x*", "{a,b}"])
@pytest.mark.parametrize("write", FORMS, ids=lambda write: write.__name__)
def test_a_portfolio_may_lie_in_a_folder_of_any_name(
    tmp_path: Path, write: Write, name: str
) -> None:
    for sibling in ("a1", "xy", "qa", "a", "b"):
        (tmp_path / sibling / "acme").mkdir(parents=True)
    folder = tmp_path / name / "acme"
    (folder / "inbox").mkdir(parents=True)
    sources = [{"dataset": "predictions", "path": "inbox/*"}]
    given: dict[str, Any] = {"portfolio": "acme", "reporting_currency": "USD"}
    given |= {"systems": [SYSTEM], "sources": sources, "engine": {"memory_limit": "1GB"}}
    (folder / "portfolio.yaml").write_text(yaml.safe_dump(given))
    write(folder / "inbox" / "log", "m0")
    portfolio = load(folder)
    with warehouse.opened(portfolio) as con:
        deliveries.open_receipts(con, portfolio)
        assert deliveries.ingest(con, portfolio, "predictions").refused == ()
        deliveries.create_views(con, portfolio)
        assert held(Company(portfolio, con)) == {"inbox/log": {"m0 5"}}


@pytest.mark.parametrize("name", ["a[1]\\b"])
def test_a_folder_that_cannot_hold_a_portfolio_is_refused_by_name(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    given = {"portfolio": "acme", "reporting_currency": "USD", "systems": [SYSTEM]}
    (folder / "portfolio.yaml").write_text(yaml.safe_dump(given))
    with (
        pytest.raises(ConfigurationError, match="rename"),
        warehouse.opened(load(folder)),
    ):
        pass


@pytest.mark.parametrize("name", ["oct[1]", "a*b", "q?", "{a,b}", "a::b", "amount=7"])
@pytest.mark.parametrize("write", [as_csv, as_parquet], ids=lambda write: write.__name__)
def test_a_remote_file_is_read_as_itself_whatever_its_name(
    make: Callable[..., Company], tmp_path: Path, write: Write, name: str
) -> None:
    remote = fsspec.filesystem("memory")
    names = [name, "oct1", "axb", "qa", "a", "b"]
    (tmp_path / "made").mkdir()
    for place, each in enumerate(names):
        write(tmp_path / "made" / "file", f"m{place}")
        remote.pipe(f"/bucket/{each}", (tmp_path / "made" / "file").read_bytes())
    try:
        company = make({"dataset": "predictions", "path": "memory://bucket/*"})
        assert company.ingest("predictions").refused == ()
        assert held(company) == {
            f"memory://bucket/{each}": {f"m{place} 5"} for place, each in enumerate(names)
        }
    finally:
        remote.rm("/bucket", recursive=True)


@pytest.mark.parametrize("settled_s", [0, 2])
@pytest.mark.parametrize("swaps_back", [False, True])
def test_a_file_that_is_swapped_while_it_is_read_is_never_read_wrongly(
    logs: Company, monkeypatch: pytest.MonkeyPatch, swaps_back: bool, settled_s: float
) -> None:
    """The other file has the same size and time; it is there from the checksum on."""
    monkeypatch.setattr(discovery, "SETTLED_S", settled_s)
    file = logs.put("inbox/predictions/a.csv", "")
    other = logs.folder / "other"
    as_csv(file, "m0")
    as_csv(other, "m1")
    for each in (file, other):
        os.utime(each, (1_790_000_000, 1_790_000_000))
    whole = deliveries.land

    def swapped(*given: Any) -> Any:
        first = logs.folder / "first"
        file.rename(first)
        other.rename(file)
        try:
            return whole(*given)
        finally:
            file.rename(other)
            (first if swaps_back else other).rename(file)

    monkeypatch.setattr(deliveries, "land", swapped)
    logs.ingest("predictions")
    assert held(logs) in ({}, {"inbox/predictions/a.csv": {"m0 5"}})
