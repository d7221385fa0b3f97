"""Numbers, months and statuses in the words a person reads. Knows no command and no table."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

STATUS = {
    "pre_breakeven": ("pre-breakeven", "blue", "-"),
    "positive": ("positive", "green", "+"),
    "recovered": ("recovered", "cyan", "r"),
    "marginal_deterioration": ("marginal deterioration", "yellow", "!"),
    "decommission_review": ("decommission review", "bold red", "X"),
}
NOT_LIVE, HELD = ("not live yet", "dim"), "·"
REASONS = {
    "immature": "too few of its outcomes are in yet",
    "low_coverage": "too few of its outcomes are linked",
    "too_few_predictions": "too few predictions",
    "no_metric": "no return can be computed",
    "no_baseline": "no baseline, holdout or release to compare its value with",
    "quality_has_no_worth": "by the outcomes so far a right decision brings no more than a wrong "
    "one, so what better quality is worth is not known",
    "evidence_stale": "no month of evidence for too long",
}


def money(amount: Decimal | None, currency: str = "") -> str:
    """Whole units with separators; the sign in front. What is not known is no 0.

    >>> money(Decimal("-12345.5"), "USD"), money(Decimal("0.4")), money(None)
    ('-12,346 USD', '0', '-')
    """
    if amount is None:
        return "-"
    whole = amount.quantize(Decimal(1), ROUND_HALF_EVEN) + 0
    return f"{whole:,}{' ' if currency else ''}{currency}"


def exact(amount: object) -> str:
    """All digits that a number has, without the zeros at its end.

    >>> exact(Decimal("1250.500000")), exact(Decimal("300")), exact("block"), exact(None)
    ('1,250.50', '300.00', 'block', '-')
    """
    if amount is None:
        return "-"
    if not isinstance(amount, Decimal):
        return f"{amount:,}" if isinstance(amount, int) else str(amount)
    cents = amount.quantize(Decimal("0.01"))
    return f"{cents:,}" if cents == amount else f"{amount.normalize():,f}"


def percent(share: Decimal | None, digits: int = 0) -> str:
    """A fraction as percent, always with its sign.

    >>> percent(Decimal("0.6144")), percent(Decimal("-1.25"), 1), percent(None)
    ('+61 %', '-125.0 %', '-')
    """
    return "-" if share is None else f"{share * 100:+,.{digits}f} %"


def interval(low: Decimal | None, high: Decimal | None) -> str:
    """Both ends of an interval of fractions.

    >>> interval(Decimal("-0.12"), Decimal("1.34"))
    '-12 to +134 %'
    """
    if low is None or high is None:
        return "no bounds"
    return f"{low * 100:+,.0f} to {high * 100:+,.0f} %"


def month_name(month: date | None) -> str:
    """A month as people write it.

    >>> month_name(date(2026, 10, 1))
    'Oct 2026'
    """
    return "-" if month is None else f"{month:%b %Y}"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> count(1, "file"), count(1200, "row")
    ('1 file', '1,200 rows')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def reason(name: str | None) -> str:
    """Why a month was held, or an option is not ranked, in words."""
    return "" if name is None else REASONS.get(name, name.replace("_", " "))
