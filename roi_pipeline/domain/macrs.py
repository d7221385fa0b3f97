"""US tax depreciation by the published MACRS tables (method §1.4).

A separate TAX view: never add it to a book cost or a total. Knows IRS Publication 946, Tables A-1
(half-year) and A-2 to A-5 (mid-quarter); percent of the unadjusted basis by recovery year.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from roi_pipeline.domain.spreading import cents, spread
from roi_pipeline.errors import ConfigurationError

TABLES: dict[tuple[str, int], str] = {
    ("half_year", 3): "33.33 44.45 14.81 7.41",
    ("half_year", 5): "20 32 19.2 11.52 11.52 5.76",
    ("half_year", 7): "14.29 24.49 17.49 12.49 8.93 8.92 8.93 4.46",
    ("half_year", 10): "10 18 14.4 11.52 9.22 7.37 6.55 6.55 6.56 6.55 3.28",
    ("half_year", 15): (
        "5 9.5 8.55 7.7 6.93 6.23 5.9 5.9 5.91 5.9 5.91 5.9 5.91 5.9 5.91 2.95"  #
    ),
    ("half_year", 20): (
        "3.75 7.219 6.677 6.177 5.713 5.285 4.888 4.522 4.462 4.461 4.462 4.461 4.462 4.461 4.462"
        " 4.461 4.462 4.461 4.462 4.461 2.231"
    ),
    ("mid_quarter_1", 3): "58.33 27.78 12.35 1.54",
    ("mid_quarter_1", 5): "35 26 15.6 11.01 11.01 1.38",
    ("mid_quarter_1", 7): "25 21.43 15.31 10.93 8.75 8.74 8.75 1.09",
    ("mid_quarter_2", 3): "41.67 38.89 14.14 5.3",
    ("mid_quarter_2", 5): "25 30 18 11.37 11.37 4.26",
    ("mid_quarter_2", 7): "17.85 23.47 16.76 11.97 8.87 8.87 8.87 3.34",
    ("mid_quarter_3", 3): "25 50 16.67 8.33",
    ("mid_quarter_3", 5): "15 34 20.4 12.24 11.3 7.06",
    ("mid_quarter_3", 7): "10.71 25.51 18.22 13.02 9.3 8.85 8.86 5.53",
    ("mid_quarter_4", 3): "8.33 61.11 20.37 10.19",
    ("mid_quarter_4", 5): "5 38 22.8 13.68 10.94 9.58",
    ("mid_quarter_4", 7): "3.57 27.55 19.68 14.06 10.04 8.73 8.73 7.64",
}


def percentages(recovery_years: int, convention: str = "half_year") -> list[Decimal]:
    """The table's percents by recovery year; ConfigurationError when there is none.

    >>> [str(share) for share in percentages(3)]
    ['33.33', '44.45', '14.81', '7.41']
    """
    table = TABLES.get((convention, recovery_years))
    if table is None:
        known = ", ".join(f"{name} {years}" for name, years in TABLES)
        raise ConfigurationError(
            f"no MACRS table for {convention} {recovery_years} years; there are: {known}"
        )
    return [Decimal(share) for share in table.split()]


def macrs(basis: Decimal, recovery_years: int, convention: str = "half_year") -> list[Decimal]:
    """Tax depreciation by tax year, adding up to the basis to the cent.

    >>> [str(charge) for charge in macrs(Decimal(5000), 5)[:2]]
    ['1000.00', '1600.00']
    """
    return spread(basis, percentages(recovery_years, convention), whole=100)


def is_mid_quarter(placed: Iterable[tuple[date, Decimal]]) -> bool:
    """Whether more than 40 % of what one tax year put in service came in its last quarter, so that
    the whole year takes mid-quarter tables (Publication 946, Which Convention Applies).

    >>> is_mid_quarter([(date(2026, 2, 1), Decimal(60)), (date(2026, 11, 1), Decimal(40))])
    False
    """
    bases = [(placed_on.month > 9, basis) for placed_on, basis in placed]
    late = sum((basis for is_late, basis in bases if is_late), Decimal(0))
    return late > sum(basis for _, basis in bases) * Decimal("0.4")


def tax_years(
    basis: Decimal,
    placed_on: date,
    recovery_years: int,
    convention: str,
    disposed_on: date | None = None,
) -> list[tuple[int, Decimal]]:
    """Deductions of one property by calendar tax year, until it is used up or disposed of.

    In the year of an early disposal, half of the table's year (half-year) or the quarters up to the
    middle of the one of the disposal; nothing for a year that saw both ends. ConfigurationError
    when there is no table.

    >>> found = tax_years(Decimal(5000), date(2026, 3, 1), 5, 'half_year', date(2027, 8, 1))
    >>> [(year, str(amount)) for year, amount in found]
    [(2026, '1000.00'), (2027, '800.00')]
    """
    charges = macrs(basis, recovery_years, convention)
    years = [(placed_on.year + k, charge) for k, charge in enumerate(charges)]
    if disposed_on is None or disposed_on.year >= years[-1][0]:
        return years
    if disposed_on.year == placed_on.year:
        return []
    part = Decimal("0.5")
    if convention != "half_year":
        part = Decimal(2 * ((disposed_on.month - 1) // 3) + 1) / 8
    whole = charges[disposed_on.year - placed_on.year]
    kept = [(year, charge) for year, charge in years if year < disposed_on.year]
    return [*kept, (disposed_on.year, cents(whole * part))]
