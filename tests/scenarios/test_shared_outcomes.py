"""Outcomes that several systems had a hand in: the portfolio is worth what their union is, and what
is taken from a system stands on a line of its own (method §2.7)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pytest
from cases import oracle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import reading
from runner import bring_up, said, unchecked, write_portfolio, write_reference

from roi_pipeline import portfolio, workbench
from roi_pipeline.explain import explain
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.marts.sharing import shared_value
from roi_pipeline.models.registry import ancestors
from roi_pipeline.pipeline.run import Run
from roi_pipeline.publish import editions

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
RULES = ("first_touch", "equal", "shapley")


@dataclass(frozen=True)
class Hand:
    """A decision of a system, and what came of it, by type of outcome."""

    system: str
    on: str
    amounts: Mapping[str, int]


def company(folder: Path, hands: Iterable[Hand]) -> Path:
    """Two systems whose outcomes state what they are worth; all is known on 20 November."""
    systems = [
        {"id": name, "name": name, "scenario": "decision_matrix"}
        | {"invested_on": "2026-10-01", "live_on": "2026-10-01"}
        for name in ("sys-a", "sys-b")
    ]
    write_portfolio(
        folder,
        systems=systems,
        shared_outcomes="shapley",
        sources=[
            {"dataset": name, "path": f"inbox/{name}.csv"} for name in ("predictions", "outcomes")
        ],
    )
    stated = ((name, "stated", "amount", 1, "USD", "2026-01-01") for name in ("sys-a", "sys-b"))
    write_reference(folder, "prices", *stated)
    predictions = ["prediction_id,predicted_at,system_id,model_version,decision"]
    outcomes = ["prediction_id,observed_at,outcome,outcome_type,amount,currency,shared_key"]
    for number, hand in enumerate(hands):
        predictions.append(f"p{number},{hand.on}T10:00:00Z,{hand.system},v1,call")
        outcomes += [
            f"p{number},2026-11-20T00:00:00Z,won,{name},{amount},USD,deal"
            for name, amount in hand.amounts.items()
        ]
    (folder / "inbox").mkdir()
    for name, lines in (("predictions", predictions), ("outcomes", outcomes)):
        (folder / "inbox" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def value_of(opened: Run) -> dict[str, Decimal]:
    """What the ledger says of each system, over all months."""
    for dataset in CONTRACTS:
        assert not opened.ingest(dataset).refused
    needed = ancestors(opened.tables, ["ledger_value"])
    for name in opened.stored_tables():
        if name in needed or opened.tables[name].build == "engine":
            opened.build(name)
    opened.show(["ledger_value"])
    return dict(
        said(
            opened,
            "select system_id, sum(amount) from ledger_value "
            "where basis = 'cohort' group by 1 order by 1",
        )
    )


def test_w16_through_a_run(tmp_path: Path) -> None:
    """a wins 100,000 of a deal and b 80,000; 50,000 of it is the same: 130,000 and not 180,000."""
    given_, want = oracle("W16")
    both = given_["vA"] + given_["vB"] - given_["vAB"]
    folder = company(
        tmp_path / "acme",
        [
            Hand("sys-a", "2026-10-05", {"primary": given_["vA"] - both, "joint": both}),
            Hand("sys-b", "2026-11-06", {"joint": both, "later": given_["vB"] - both}),
        ],
    )
    found = {}
    for rule in RULES:
        text = (folder / "portfolio.yaml").read_text()
        (folder / "portfolio.yaml").write_text(
            re.sub("shared_outcomes: .*", f"shared_outcomes: {rule}", text)
        )
        with unchecked(folder, NOVEMBER) as opened:
            found[rule] = value_of(opened)
    with unchecked(folder, NOVEMBER) as opened:
        value_of(opened)
        named = said(
            opened,
            "select basis, month, sum(amount) from ledger_value "
            "where driver <> 'shared_outcomes' group by all order by all",
        )
        bring_up(opened)
        total = said(
            opened,
            "select system_id, sum(gross_value) from marts.roi_monthly "
            "where system_id <> 'unallocated' group by 1 order by 1",
        )
        shared = said(
            opened,
            "select month, system_id, view, quantity, amount, amount_low, amount_high "
            "from marts.value_attribution_monthly where driver = 'shared_outcomes' order by all",
        )
        editions.publish(opened)
    with unchecked(folder, OCTOBER, datetime(2026, 12, 1)) as opened:
        value_of(opened)
        back = said(
            opened,
            "select system_id, sum(amount) from ledger_value "
            "where basis = 'cohort' and month = '2026-10-01' group by all",
        )
    assert back == [("sys-a", given_["vA"])]  # a look back knows nothing of what b did later
    told = explain(portfolio.load(folder), "value_attribution_monthly", OCTOBER, "sys-a", "amount")
    assert told.adds_up  # to the decisions that had a hand in the deal
    assert [*found["shapley"].values()] == want["shapley"]
    assert [*found["equal"].values()] == want["equal"]
    assert [*found["first_touch"].values()] == want["first_touch_A"]
    # What the systems count by themselves stays as it was, in both views.
    assert sum(amount for basis, _, amount in named if basis == "cohort") == want["naive_sum"]
    assert named[-1] == ("recognised", NOVEMBER, want["naive_sum"])
    # Every mart says so: what is taken is a line of its own, and the portfolio is the union.
    taken = want["shapley"][0] - given_["vA"]
    assert shared[0] == (OCTOBER, "sys-a", "cohort", -1, taken, taken, taken)
    assert total == [
        ("portfolio", given_["vAB"]),
        ("sys-a", want["shapley"][0]),
        ("sys-b", want["shapley"][1]),
    ]


@cache
def bench() -> duckdb.DuckDBPyConnection:
    con, found = workbench.empty()
    workbench.open_books(con, found, ["shared_worth", "shared_again", "shared_month"])
    return con


claims = st.lists(
    st.tuples(
        st.sampled_from("abc"),  # system
        st.sampled_from(["k1", "k2", "k3"]),  # outcome
        st.sampled_from(["primary", "refund"]),
        st.integers(1, 3),  # day
        st.integers(-(10**9), 10**9).map(lambda n: Decimal(n) / 1000),
    ),
    max_size=12,
)


@pytest.mark.parametrize("rule", RULES)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given_claims=claims)
def test_what_is_left_is_the_union_exactly(
    rule: str, given_claims: list[tuple[str, str, str, int, Decimal]]
) -> None:
    """Losses too: of what is gained by an outcome the most counts once, and of what is lost."""
    con = bench()
    turns: dict[tuple[str, str, str], int] = defaultdict(int)
    rows, first = [], defaultdict(list)
    for system, key, kind, day, claim in sorted(given_claims, key=lambda one: one[3]):
        turns[system, key, kind] += 1
        if turns[system, key, kind] == 1:
            first[key, kind].append(claim)
        rows.append(
            {"shared_key": key, "outcome_type": kind, "system_id": system, "month": OCTOBER}
            | {"observed_month": NOVEMBER, "model_version": "v", "serving_mode": "batch"}
            | {"touched_at": datetime(2026, 10, 1) + timedelta(days=day)}
            | {"predictions": 1, "claim": claim, "turn": turns[system, key, kind]}
        )
    con.execute("begin")
    try:
        workbench.give(con, "setting", [{"reporting_currency": "USD", "shared_outcomes": rule}])
        workbench.give(con, "shared_cells", [{"shared_key": "k"}])
        workbench.give(con, "shared_claim", rows)
        taken: pl.DataFrame = shared_value(reading(con))
    finally:
        con.execute("rollback")
    union = sum(max(0, *some) + min(0, *some) for some in first.values())
    counted = sum(claim for *_, claim in given_claims)
    assert counted + sum(taken["amount"].to_list(), Decimal(0)) == union
