"""Whoever owns a system should not set its thresholds: `doctor` hints at it before a run."""

from pathlib import Path

import pytest
from command_line import said
from small_portfolio import small_portfolio


@pytest.mark.parametrize(("signed", "warned"), [("finance", False), (" Claims ", True)])
def test_an_owner_who_signs_is_named(tmp_path: Path, signed: str, warned: bool) -> None:
    folder = small_portfolio(tmp_path / "small")
    (folder / "inbox").rename(folder / "not delivered yet")
    terms = folder / "reference" / "terms.csv"
    terms.write_text(terms.read_text().replace(",1,finance,", f",1,{signed},", 1))
    hints = said("doctor", "--json", "--portfolio", folder).json["hints"]
    found = [hint["where"] for hint in hints if "approved its terms" in hint["what"]]
    assert found == ["reference/terms.csv"] * warned
