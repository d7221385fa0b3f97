"""Whoever owns a system should not set its thresholds: `doctor` says so before a run does."""

from pathlib import Path

import pytest
from small_portfolio import small_portfolio

from roi_pipeline.examination import examine


@pytest.mark.parametrize(("signed", "warned"), [("finance", False), (" Claims ", True)])
def test_an_owner_who_signs_is_named(tmp_path: Path, signed: str, warned: bool) -> None:
    folder = small_portfolio(tmp_path / "small")
    terms = folder / "reference" / "terms.csv"
    terms.write_text(terms.read_text().replace(",1,finance,", f",1,{signed},", 1))
    found = [finding for finding in examine(folder) if "approved its terms" in finding.what]
    assert [(f.level, f.where) for f in found] == [("warning", "reference/terms.csv")] * warned
