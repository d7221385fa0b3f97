from decimal import Decimal

import pytest

from roi_pipeline.domain.macrs import TABLES, macrs, percentages
from roi_pipeline.domain.spreading import spread
from roi_pipeline.errors import ConfigurationError


def test_half_year_tables_are_the_published_ones(billing_oracle):
    published = billing_oracle["macrs_table_A1_half_year_pct"]
    for years in (3, 5, 7, 10, 15, 20):
        assert [float(share) for share in percentages(years)] == published[str(years)]


def test_mid_quarter_tables_are_the_published_ones(billing_oracle):
    published = billing_oracle["macrs_mid_quarter_pct"]
    for quarter in (1, 2, 3, 4):
        for name, shares in published[f"Q{quarter}"].items():
            years = int(name.split("_")[0])
            found = [float(share) for share in percentages(years, f"mid_quarter_{quarter}")]
            assert found[: len(shares)] == shares


@pytest.mark.parametrize(("convention", "years"), TABLES)
def test_a_table_gives_the_whole_basis_and_follows_the_law(convention, years):
    """200 % (150 % from 15 years on) declining balance, switching to straight line. The published
    columns are rounded so that they add up to 100, hence the tolerance."""
    shares = percentages(years, convention)
    assert sum(shares) == 100
    first = {"half_year": 0.5}.get(convention) or (9 - 2 * int(convention[-1])) / 8
    left, remaining, rate = 100.0, float(years), (1.5 if years > 10 else 2) / years
    for k, share in enumerate(shares):
        part = first if k == 0 else min(1.0, remaining)
        charge = max(left * rate * part, left / remaining * part)
        assert float(share) == pytest.approx(charge, abs=0.015)
        left, remaining = left - charge, remaining - part


def test_worked_assets(billing_oracle):
    copier, seven = billing_oracle["macrs_worked"]
    found = macrs(Decimal(copier["cost"]), copier["class"])
    assert found[:2] == [copier["year1"], copier["year2"]]
    assert macrs(Decimal(seven["cost"]), seven["class"]) == seven["schedule"]


def test_tax_adds_up_to_the_basis():
    for convention, years in TABLES:
        assert sum(macrs(Decimal("3333.33"), years, convention)) == Decimal("3333.33")


def test_an_unknown_table_names_the_known_ones():
    with pytest.raises(ConfigurationError, match="mid_quarter_1 20 years; there are: half_year 3"):
        macrs(Decimal(1), 20, "mid_quarter_1")


def test_units_of_percent_not_of_basis():
    assert spread(Decimal(5000), [Decimal(20)], whole=100) == [1000]
