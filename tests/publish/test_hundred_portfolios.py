"""A hundred random portfolios over two years: from files to ledger to marts nothing is lost and
nothing made, whatever the files were cut into (promise 12, method §1.3)."""

import csv
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from runner import cost_up, said, unchecked, write_portfolio, write_reference

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.pipeline.run import Run

FIRST, LAST = date(2024, 1, 1), date(2026, 5, 1)  # a charge of the last bill may run for months
SINCE = add_months(FIRST, -1)  # and one of the first may be of the month before
HEADER = (
    *("BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart"),
    *("ChargePeriodEnd", "ChargeCategory", "BilledCost", "EffectiveCost", "BillingCurrency"),
    *("ServiceName", "ServiceCategory", "Tags"),
)
RATES = {"USD": Decimal(1), "EUR": Decimal("1.25"), "JPY": Decimal("1.25") / 160}
POOLS = 6  # so many portfolios have a cost that two systems share
Row = dict[str, Any]


def charges(dice: random.Random) -> list[Row]:
    """Sixty lines of two years of bills: credits, corrections, a commitment paid now and used
    later, charges over months, tags of nobody."""
    rows = []
    for _ in range(60):
        month = add_months(FIRST, dice.randrange(24))
        start = add_months(month, -dice.choice([0, 0, 0, 1])) + timedelta(days=dice.randrange(28))
        cost = Decimal(dice.randint(-(10**9), 10**9)).scaleb(-dice.choice([2, 4, 6]))
        row = {
            "month": month,
            "start": start,
            "end": start + timedelta(days=dice.choice([0, 1, 1, 31, 120])),
            "category": dice.choice(["Usage", "Usage", "Credit", "Tax", "Adjustment"]),
            "billed": cost,
            "effective": cost,
            "owner": dice.choice(["own", "own", "pool", "nobody", ""]),
        }
        if dice.random() < 0.1:
            rows.append(row | {"category": "Purchase", "effective": Decimal(0)})
            row |= {"billed": Decimal(0)}
        rows.append(row)
    return rows


def deliver(
    folder: Path, name: str, currency: str, rows: list[Row], dice: random.Random, most: int
) -> None:
    """The rows of one portfolio, shuffled and cut into one to `most` files."""
    shuffled = dice.sample(rows, len(rows))
    cuts = sorted(dice.sample(range(1, len(rows)), dice.randrange(most)))
    export = folder / "inbox" / "billing" / name / "export"
    export.mkdir(parents=True)
    for number, (low, high) in enumerate(zip([0, *cuts], [*cuts, len(rows)], strict=True)):
        with (export / f"{number}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows(_line(name, currency, row) for row in shuffled[low:high])


def _line(name: str, currency: str, row: Row) -> list[object]:
    def at(day: date) -> str:
        return f"{day}T00:00:00Z"

    tags = {"own": f'{{"system": "{name}"}}', "nobody": '{"system": "nobody"}'}
    service = f"Pool {name}" if row["owner"] == "pool" else "GPU"
    return [
        *(name, at(row["month"]), at(add_months(row["month"], 1)), at(row["start"])),
        *(at(row["end"]), row["category"], row["billed"], row["effective"], currency),
        *(service, "Compute", tags.get(row["owner"], "{}")),
    ]


def company(folder: Path, names: list[str]) -> Path:
    """The folder of a company that has all these portfolios; twins share their rows."""
    systems = [*names, *(f"{name}-b" for name in names[:POOLS])]
    since = {"scenario": "decision_matrix", "invested_on": f"{SINCE}", "live_on": f"{SINCE}"}
    sources = [
        {"dataset": "billing", "id": name, "path": f"inbox/billing/{name}/*/*.csv"}
        for name in names
    ]
    write_portfolio(
        folder,
        systems=[{"id": name, "name": name, **since} for name in systems],
        sources=[*sources, {"dataset": "fx", "path": "inbox/fx/*.csv"}],
    )
    rates = [f"{add_months(FIRST, k) + timedelta(days=27)}" for k in range(24)]
    (folder / "inbox" / "fx").mkdir(parents=True)
    (folder / "inbox" / "fx" / "rates.csv").write_text(
        "on,currency,rate,base\n"
        + "".join(f"{day},USD,1.25,EUR\n{day},JPY,160,EUR\n" for day in rates)
    )
    write_rules(folder, names, has_tags=True)
    shares = (("", "0.3"), ("-b", "0.7"))
    parts = [(f"pool-{n}", f"{n}{end}", s, f"{SINCE}") for n in names[:POOLS] for end, s in shares]
    write_reference(folder, "allocation", *parts)
    return folder


def write_rules(folder: Path, names: list[str], *, has_tags: bool) -> None:
    tags = (10, "billing", "tags", "system", "glob", "*", "{value}", "")
    pools = [
        (20 + k, "billing", "service_name", "", "equals", f"Pool {name}", "", f"pool-{name}")
        for k, name in enumerate(names[:POOLS])
    ]
    write_reference(folder, "cost_categories", *([tags] if has_tags else []), *pools)


def by_basis(opened: Run) -> dict[tuple[str, str], Decimal]:
    query = "select basis, system_id, sum(amount) from marts.ledger_monthly group by all"
    return {(basis, system): amount for basis, system, amount in said(opened, query)}


@pytest.mark.slow
def test_from_files_to_marts_with_difference_0(tmp_path: Path) -> None:
    dice = random.Random(20261125)
    names = [f"p{k}" for k in range(100)]
    folder, billed = company(tmp_path / "acme", names), defaultdict[Any, Decimal](Decimal)
    total, tagged = Decimal(0), Decimal(0)
    for number, (one, twin) in enumerate(zip(names[::2], names[1::2], strict=True)):
        rows, currency = charges(dice), ["USD", "EUR", "JPY"][number % 3]
        for name, most in ((one, 1), (twin, 3)):
            deliver(folder, name, currency, rows, dice, most)
            for row in rows:
                billed[row["month"], name, currency] += row["billed"]
                total += row["billed"] * RATES[currency]
                tagged += row["billed"] * RATES[currency] * (row["owner"] == "own")
    with unchecked(folder, LAST) as opened:
        before = by_basis(cost_up(opened))
        found = said(
            opened,
            "select month, source_id, currency, total_in, difference "
            "from marts.reconciliation_monthly where dataset = 'billing'",
        )
        assert {row[:3]: row[3] for row in found} == billed
        assert {row[4] for row in found} == {0}
        for basis in ("cash", "accrual"):
            assert sum(v for (of, _), v in before.items() if of == basis) == total, basis
        tco = (
            "select sum(amount) from marts.tco_monthly where system_id = 'portfolio' group by basis"
        )
        assert said(opened, tco) == [(total,), (total,)]
        for one, twin in zip(names[::2], names[1::2], strict=True):  # cut otherwise, the same cents
            for basis in ("cash", "accrual"):
                assert before[basis, one] == before[basis, twin]
        write_rules(folder, names, has_tags=False)
        after = by_basis(cost_up(opened))
        for basis in ("cash", "accrual"):
            assert sum(v for (of, _), v in after.items() if of == basis) == total
            grown = after[basis, "unallocated"] - before[basis, "unallocated"]
            assert grown == tagged
        listed = "select basis, sum(amount) from marts.unallocated_monthly group by all"
        assert dict(said(opened, listed)) == {
            basis: after[basis, "unallocated"] for basis in ("cash", "accrual")
        }
