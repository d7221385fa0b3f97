"""The small company of the demo: who it is, and every count and price it was built from.

Pure parameters: no file, no random number. Counts are whole numbers by formula, so that `answers`
can say in closed form what any reader of the files must find.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

FRAUD, INSPECTION = "card-fraud", "part-inspection"
SUPPORT, ROUTING = "support-assistant", "delivery-routing"
SYSTEMS = (FRAUD, INSPECTION, SUPPORT, ROUTING)
UNALLOCATED = "unallocated"

Cell = tuple[str, str]  # decision, outcome; the outcome '' never comes


def month_at(position: int) -> date:
    """The first day of the demo's month 0 to 23, or of one beside it.

    >>> month_at(0), month_at(23)
    (datetime.date(2024, 11, 1), datetime.date(2026, 10, 1))
    """
    months = 2024 * 12 + 10 + position
    return date(months // 12, months % 12 + 1, 1)


MONTHS = tuple(month_at(position) for position in range(24))
END = month_at(24)
INVESTED = {FRAUD: MONTHS[0], INSPECTION: MONTHS[0], SUPPORT: MONTHS[4], ROUTING: MONTHS[3]}
LIVE = {FRAUD: MONTHS[2], INSPECTION: MONTHS[2], SUPPORT: MONTHS[5], ROUTING: MONTHS[4]}
# Mean and longest time until an outcome is known, in days.
DELAY_DAYS = {FRAUD: (15, 90), INSPECTION: (6, 45), SUPPORT: (1.5, 14), ROUTING: (0.3, 3)}


def age(system_id: str, month: date) -> int:
    """Months since the system went live; negative before."""
    live = LIVE[system_id]
    return (month.year - live.year) * 12 + month.month - live.month


@dataclass(frozen=True)
class Cohort:
    """The predictions of one system in one month, by what was decided and what came of it."""

    system_id: str
    month: date
    cells: Mapping[Cell, int]
    errors: int = 0  # predictions that failed: decision 'none', no outcome

    @property
    def answered(self) -> int:
        """Predictions that were made, linked or not, without the failed ones."""
        return sum(self.cells.values())


def cohort(system_id: str, month: date) -> Cohort | None:
    """The exact counts of a month; None before the system went live."""
    k = age(system_id, month)
    if k < 0:
        return None
    cells, errors = _CELLS[system_id](k), {FRAUD: 10, SUPPORT: 12}.get(system_id, 0)
    return Cohort(system_id, month, cells, errors)


def _fraud(k: int) -> dict[Cell, int]:
    frauds, good = 192 + 2 * (k % 6), 4700 + 20 * k
    missed = (11 if k < 9 else 9) + k % 3  # version 4 went live in month 9
    stopped = 92 + 7 * k % 13
    return {
        ("block", "fraud"): frauds - missed,
        ("allow", "fraud"): missed,
        ("block", "legit"): stopped,
        ("allow", "legit"): good - stopped,
        ("allow", ""): 4 + k % 2,  # nobody ever heard of these again
    }


def _inspection(k: int) -> dict[Cell, int]:
    """Recall falls from 96 % to 88 % in 18 months, false rejects rise from 1 % to 3 %."""
    worn = min(k, 18)
    return {
        ("reject", "defect"): 864 - 4 * worn,
        ("pass", "defect"): 36 + 4 * worn,
        ("reject", "good"): 27 + 3 * worn,
        ("pass", "good"): 2673 - 3 * worn,
        ("pass", ""): 36,
    }


def _support(k: int) -> dict[Cell, int]:
    """The assistant settles less and less at the first contact; people as much as ever."""
    contacts = 1800 + 40 * k
    answered = contacts * 85 // 100
    settled = answered * (740 - 8 * k) // 1000
    handed = contacts - answered
    return {
        ("answer", "settled"): settled,
        ("answer", "repeated"): answered - settled,
        ("handoff", "settled"): handed * 3 // 4,
        ("handoff", "repeated"): handed - handed * 3 // 4,
        ("answer", ""): 20,
    }


def _routing(k: int) -> dict[Cell, int]:
    routes = 1500 + 15 * k
    changed = routes * 3 // 4
    kept = routes - changed
    return {
        ("reroute", "on_time"): changed - changed * 6 // 100,
        ("reroute", "late"): changed * 6 // 100,
        ("keep", "on_time"): kept - kept // 10,
        ("keep", "late"): kept // 10,
        ("keep", ""): 8,
    }


_CELLS = {FRAUD: _fraud, INSPECTION: _inspection, SUPPORT: _support, ROUTING: _routing}
POSITIVE: Mapping[str, tuple[tuple[str, ...], str]] = {
    FRAUD: (("block",), "fraud"),
    INSPECTION: (("reject",), "defect"),
    SUPPORT: (("answer",), "settled"),
    ROUTING: (("reroute", "keep"), "on_time"),
}

# Amounts in cents; the n-th row of a cell takes the n-th amount, from the start again at the end.
PREDICTION_CENTS: Mapping[str, tuple[int, ...]] = {
    "fraud": (6000, 9000, 12000, 15000, 18000, 21000, 24000, 27000, 30000, 18000),
    "legit": (1250, 2490, 4000, 5525, 7000, 8999, 11000, 13500, 16236, 20000),
    "": (1250, 2490, 4000, 5525, 7000, 8999, 11000, 13500, 16236, 20000),
}
# What else becomes known of a case, by type of outcome, in hundredths of its unit: litres,
# kilometres and minutes of a route. The n-th row of a cell takes the n-th number.
MEASURED: Mapping[str, Mapping[Cell, tuple[int, ...]]] = {
    "fuel": {
        ("reroute", "on_time"): (920, 910, 900, 890, 880),
        ("reroute", "late"): (1000,),
        ("keep", "on_time"): (1000,),
        ("keep", "late"): (1000,),
    },
    "distance": {
        ("reroute", "on_time"): (4000,),
        ("reroute", "late"): (4000,),
        ("keep", "on_time"): (4000,),
        ("keep", "late"): (4000,),
    },
    "duration": {
        ("reroute", "on_time"): (5600, 5400, 5300, 5200, 5000),
        ("reroute", "late"): (6200, 6100, 6000),
        ("keep", "on_time"): (6000,),
        ("keep", "late"): (6000,),
    },
}
# Every fifth answer after which the customer came back was wrong, and was made good.
WRONG_CELL, WRONG_EVERY = ("answer", "repeated"), 5


def wrong_answers(rows: int) -> int:
    """How many of the first `rows` answers of WRONG_CELL were wrong.

    >>> wrong_answers(5), wrong_answers(6)
    (1, 2)
    """
    return -(-rows // WRONG_EVERY)


def total_cents(pattern: tuple[int, ...], rows: int) -> int:
    """The sum of the first `rows` amounts of a pattern that repeats.

    >>> total_cents((1, 2, 3), 5)
    9
    """
    rounds, rest = divmod(rows, len(pattern))
    return rounds * sum(pattern) + sum(pattern[:rest])


@dataclass(frozen=True)
class Price:
    """What one unit of a driver is worth in USD, signed."""

    driver: str
    unit: str
    unit_price: Decimal
    standard_error: Decimal | None = None
    source: str = ""


def _price(driver: str, unit: str, worth: str, error: str | None, source: str) -> Price:
    return Price(driver, unit, Decimal(worth), Decimal(error) if error else None, source)


PRICES: Mapping[str, tuple[Price, ...]] = {
    FRAUD: (
        _price("fraud_stopped", "amount", "0.8075", "0.02", "effectiveness 0.95 x LGF 0.85"),
        _price("chargeback_avoided", "case", "23.75", None, "scheme fee 25.00 x 0.95"),
        _price("alert_reviewed", "case", "-3.00", None, "4 minutes at 45.00 an hour"),
        _price("good_customer_stopped", "amount", "-0.012", None, "friction 0.30 x margin 0.04"),
    ),
    INSPECTION: (
        _price("escape", "case", "-118.00", None, "cost of an escape, 120.00 less 2.00 of scrap"),
        _price("false_reject", "case", "-9.00", None, "second inspection"),
    ),
    SUPPORT: (
        _price("human_contact", "case", "-6.25", "0.10", "7.5 minutes at 50.00 an hour"),
        _price("wrong_answer", "case", "-6.00", None, "refunds and apologies, ledger of 2024"),
    ),
    ROUTING: (
        _price("fuel_litre", "litre", "-1.60", "0.03", "diesel, framework contract"),
        _price("driving_minute", "minute", "-0.50", None, "driver and van, 30.00 an hour"),
        _price("exception", "case", "-1.50", None, "late fee"),
    ),
}
BASELINE_RECALL, BASELINE_FALSE_POSITIVE_RATE = Decimal("0.60"), Decimal("0.03")
BASELINE_ESCAPE_RATE, BASELINE_FALSE_REJECT_RATE = Decimal("0.30"), Decimal("0.015")
BASELINE_FIRST_CONTACT_RESOLUTION, CAPACITY_RELEASE_SHARE = Decimal("0.75"), Decimal("0.60")
BASELINE_LITRES_PER_KM, BASELINE_MINUTES_PER_ROUTE = Decimal("0.25"), Decimal("60")
BASELINE_EXCEPTION_RATE = Decimal("0.12")

# Flaws of every log file, which change no count: malformed rows to set aside, rows told twice in a
# file, rows of the month before told again, outcomes of predictions nobody made, first verdicts
# that were revised (fraud only).
MALFORMED, TWICE, AGAIN, ORPHANS, REVISED = 3, 15, 10, 3, 4

# What the language model's provider counts and charges: USD for a million tokens, by month.
METERS = ("input", "cached", "output")


def tokens(meter: str, k: int, row: int) -> int:
    """Tokens of the row-th contact of the k-th month live; a pattern of seven that repeats."""
    base = {
        "input": 110_000 + 24_000 * k + 800 * k * k,
        "cached": 30_000 + 2_000 * k,
        "output": 5_600 + 200 * k,
    }
    return base[meter] + base[meter] // 100 * (row % 7)


def total_tokens(meter: str, k: int, rows: int) -> int:
    """The tokens of a month with that many contacts, in closed form."""
    rounds, rest = divmod(rows, 7)
    per_round = sum(tokens(meter, k, row) for row in range(7))
    return rounds * per_round + sum(tokens(meter, k, row) for row in range(rest))


def token_price(meter: str, month: date) -> Decimal:
    """USD for a million tokens: raised in July and in September 2026."""
    step = (month >= date(2026, 7, 1)) + (month >= date(2026, 9, 1))
    prices = {
        "input": ("2.50", "3.00", "3.50"),
        "cached": ("0.25", "0.30", "0.35"),
        "output": ("10.00", "12.00", "14.00"),
    }
    return Decimal(prices[meter][step])
