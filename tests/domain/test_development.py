from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roi_pipeline.domain.development import (
    bornhuetter_ferguson,
    factors,
    maturities,
    maturity_by_age,
    ultimates,
)


def triangle(rows):
    return [[None if cell is None else Decimal(cell) for cell in row] for row in rows]


def near(expected, tolerance):
    return pytest.approx(expected, abs=tolerance)


def test_o17_raa(published):
    oracle = published("O17")
    rows = triangle(oracle["inputs"]["triangle"])
    found = ultimates(rows)
    latest = sum(float([cell for cell in row if cell is not None][-1]) for row in rows)
    tolerance = oracle["tolerance"]
    assert factors(rows) == near(oracle["expected"]["ldf"], tolerance["ldf"])
    assert sum(found) == near(oracle["expected"]["ultimate"], tolerance["money"])
    assert sum(found) - latest == near(oracle["expected"]["ibnr"], tolerance["money"])


def test_w13_cohorts(worked):
    example = worked("W13")
    rows = triangle(example["inputs"]["triangle_kEUR"])
    cohorts = example["expected"]["by_cohort"]
    assert factors(rows) == near(example["expected"]["factors"], 1e-6)
    assert ultimates(rows) == near([c["ultimate"] for c in cohorts], 1e-6)
    assert maturities(rows) == near([c["maturity"] for c in cohorts], 1e-6)
    by_age = maturity_by_age(rows)
    assert [by_age[c["age"]] for c in cohorts] == maturities(rows)
    gate = [maturity >= 0.9 for maturity in maturities(rows)]
    assert gate == example["expected"]["evidence_gate_0.9"]


def test_a_zero_early_column_has_no_factor():
    rows = triangle([[0, 5, 10], [0, 6, None], [0, None, None]])
    assert factors(rows) == [None, 2.0]
    assert maturity_by_age(rows) == [None, 0.5, 1.0]
    assert ultimates(rows) == [10.0, 12.0, None]


def test_sparse_triangles_say_nothing():
    assert (factors([]), maturity_by_age([]), ultimates([])) == ([], [], [])
    assert maturity_by_age([[], []]) == []
    assert ultimates(triangle([[None, None], [4, 8]])) == [None, 8.0]
    assert ultimates(triangle([[4, None], [5, None]])) == [None, None]


def test_what_vanished_has_no_factor_and_small_amounts_have_one():
    assert factors(triangle([[5, 0], [3, None]])) == [None]
    assert ultimates(triangle([[5, 0], [3, None]])) == [0.0, None]
    assert factors([[Decimal("0.5"), Decimal("0.75")]]) == [1.5]


def test_cohorts_may_stop_short_of_the_last_column():
    ragged = triangle([[40, 70, 88], [42, 74], [45]])
    assert factors(ragged) == factors(triangle([[40, 70, 88], [42, 74, None], [45, None, None]]))


def test_bornhuetter_ferguson_lies_between_seen_and_expected():
    assert bornhuetter_ferguson(Decimal(0), 0.0, Decimal(100)) == 100
    assert bornhuetter_ferguson(Decimal(70), 1.0, Decimal(100)) == 70


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=6), st.integers(2, 6))
def test_cohorts_that_grow_alike_are_foretold_exactly(pattern, size):
    shares = [sum(pattern[: k + 1]) for k in range(len(pattern))]
    full = [[Decimal(scale * share) for share in shares] for scale in range(1, size + 1)]
    cut = [row[: max(1, len(row) - i)] for i, row in enumerate(full)]
    assert ultimates(cut) == pytest.approx([float(row[-1]) for row in full])
    assert maturity_by_age(cut) == pytest.approx([share / shares[-1] for share in shares])
