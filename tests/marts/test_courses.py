"""Which ways out are valued, and which are only listed with a reason."""

from datetime import date
from decimal import Decimal

import pytest

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.marts.choices import npv
from roi_pipeline.marts.courses import Course, Reference, Stated, courses
from roi_pipeline.marts.economics import Economy
from roi_pipeline.marts.outlook import Outlook, VersionMonth, look_ahead
from roi_pipeline.marts.terms import Terms

FIRST, MONTHS = date(2026, 1, 1), 8
NOW = add_months(FIRST, MONTHS - 1)


def economy(k: int) -> Economy:
    """1,000 decisions, 900 right, worth 4 a right one and -6 a wrong one, at 2,000 a month."""
    value, right = Decimal(900 * 4 - 100 * 6), 900
    money = (value, Decimal(2000), Decimal(500), Decimal(0), Decimal(0))
    return Economy(add_months(FIRST, k), "v2", 1000, right, *money, 10.0, 0.0, 0.0, True, None)


def version(months: range, n: int, right: int, *, labels_only: bool = False) -> list[VersionMonth]:
    decided = (0, 0) if labels_only else (n, right)
    return [VersionMonth(add_months(FIRST, k), *decided, n, right) for k in months]


def stated(option: str, cost: float | None = 100.0, quality: float | None = None) -> Stated:
    return Stated(option, FIRST, cost, 0.0, 0.0, quality, None, None, "offer")


def outlook(versions: dict[str, list[VersionMonth]]) -> Outlook:
    return look_ahead("s", [economy(k) for k in range(MONTHS)], versions, Terms(()))


def found(versions: dict[str, list[VersionMonth]], *rows: Stated) -> dict[str, Course | str]:
    reference = Reference({"s": rows}, {"s": [("v1", FIRST), ("v2", FIRST)]})
    every = courses(outlook(versions), versions, reference, 12)
    return dict((one.option, one) if isinstance(one, Course) else one for one in every)


HERE = {"v2": version(range(MONTHS), 1000, 900)}


def test_what_nobody_priced_is_listed_with_the_reason():
    options = found(HERE)
    assert {name for name, one in options.items() if isinstance(one, Course)} == {"keep"}
    assert options["decommission"] == options["retrain"] == options["replace"] == "no_cost_stated"


def test_a_new_model_without_an_expected_quality_is_not_valued():
    options = found(HERE, stated("retrain"), stated("replace", None))
    assert options["retrain"] == "no_expected_quality"
    assert options["replace"] == "no_exchange_rate"


def test_an_earlier_version_counts_only_on_shared_recent_rows():
    before = HERE | {"v1": version(range(3), 1000, 960)}
    assert found(before, stated("rollback"))["rollback/v1"] == "no_shared_evidence"


@pytest.mark.parametrize("labels_only", [False, True])
def test_an_overlap_or_a_shadow_is_shared_evidence(labels_only: bool):
    both = HERE | {"v1": version(range(MONTHS - 3, MONTHS), 500, 465, labels_only=labels_only)}
    course = found(both, stated("rollback"))["rollback/v1"]
    assert isinstance(course, Course)
    assert course.quality == pytest.approx([0.93] * 12)
    kept, back = (npv(outlook(both), one, 12) for one in (found(both)["keep"], course))
    level = 1000 * 0.03 * 10.0  # N * (q_X - q_current) * (gain + c_err), a month (W23)
    rate = outlook(both).rate
    worth = sum(level / (1 + rate) ** k for k in range(1, 13)) - 100
    assert back - kept == pytest.approx(worth)


def test_an_exit_is_worth_what_it_brings_less_what_it_costs():
    course = found(HERE, stated("decommission"))["decommission"]
    assert isinstance(course, Course)
    assert npv(outlook(HERE), course, 12) == -100.0
