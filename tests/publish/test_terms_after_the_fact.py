"""Nobody sets a threshold after the fact, and a closed month keeps its status (method §8)."""

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from runner import close, run

from roi_pipeline.errors import DataRefused
from roi_pipeline.publish.editions import Edition

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))
HEADER = "system_id,term,value,unit,valid_from,version,approved_by,approved_at,document,sha256\n"
SIGNED = "card-fraud,hurdle_rate_annual,{value},fraction,{since},{version},cfo,{at},contract.pdf,\n"


def agree(folder: Path, *rows: tuple[str, str, str, str]) -> None:
    lines = [SIGNED.format(value=v, since=s, version=n, at=at) for v, s, n, at in rows]
    (folder / "reference" / "terms.csv").write_text(HEADER + "".join(lines))


def statuses(folder: Path, edition: Edition) -> list[dict[str, object]]:
    file = folder / "marts" / edition.name / "threshold_status_monthly.parquet"
    query = f"from read_parquet('{file}') where system_id = 'card-fraud' order by month"
    return duckdb.sql(query).pl().to_dicts()


def test_a_term_approved_after_its_month_refuses_the_file(company: Path) -> None:
    good = ("0.12", "2026-01-01", "1", "2025-12-01T09:00:00Z")
    late = ("0.05", "2026-01-15", "2", "2026-02-01T00:00:00Z")
    agree(company, good, late)
    with pytest.raises(
        DataRefused, match=r"terms\.csv: row 2: back-dated.*valid_from in the month"
    ):
        run(company, MARCH)
    agree(company, good, ("0.05", "2026-01-15", "2", "2026-01-31T23:00:00Z"))
    rows = statuses(company, run(company, MARCH))
    assert [float(str(row["hurdle"])) for row in rows] == [0.05] * 3
    assert json.loads(str(rows[0]["terms"])) == {"hurdle_rate_annual": ["0.05", "2"]}


@pytest.mark.slow
def test_the_terms_of_a_closed_month_stand(january_closed: Path, tmp_path: Path) -> None:
    """A row that claims to be old is refused once the month it would change is closed; one that
    begins later is not, and January keeps every column."""
    folder = shutil.copytree(january_closed, tmp_path / "acme")
    before = statuses(folder, run(folder, FEBRUARY))
    agree(folder, ("0.99", "2026-01-01", "1", "2025-12-01T09:00:00Z"))
    with pytest.raises(DataRefused, match=r"terms\.csv: row 1: .*2026-01 was closed.*valid_from"):
        run(folder, FEBRUARY)
    agree(folder, ("0.99", "2026-02-01", "1", "2025-12-01T09:00:00Z"))
    after = statuses(folder, run(folder, FEBRUARY))
    assert after[0] == before[0]
    assert [float(str(row["hurdle"])) for row in after] == [0.12, 0.99]


@pytest.mark.slow
def test_a_month_goes_on_from_what_the_closed_one_recorded(
    january_closed: Path, tmp_path: Path
) -> None:
    """A late hard stop in a closed month is not history; the checksums are a chain."""
    folder = shutil.copytree(january_closed, tmp_path / "acme")
    before = statuses(folder, run(folder, MARCH))
    reviews = "system_id,decided_on,kind,decision,decided_by,rationale\n"
    row = "card-fraud,{on},hard_stop,decommission,board,it discriminates\n"
    (folder / "reference" / "reviews.csv").write_text(reviews + row.format(on="2026-02-10"))
    after = statuses(folder, run(folder, MARCH))
    assert after[0] == before[0]
    assert [row["rule_id"] for row in after[1:]] == ["hard_stop", "held"]
    assert {row["status"] for row in after[1:]} == {"decommission_review"}
    assert [row["months_in_operation"] for row in after] == [1, 2, 3]
    assert len({str(row["inputs_sha256"]) for row in [*before[1:], *after]}) == 5
    close(folder, FEBRUARY, MARCH)
    (folder / "reference" / "reviews.csv").write_text(reviews)
    assert statuses(folder, run(folder, MARCH))[1] == after[1]
