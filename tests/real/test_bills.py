"""Real and specified FOCUS bills: every digit of what was billed arrives in the ledger, under the
billing period (cash) and under the months in which it was used up (accrual)."""

import csv
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from runner import (
    books,
    by_key,
    cost_up,
    said,
    unchecked,
    write_portfolio,
    write_reference,
)

Sums = dict[Any, Decimal]
CASH = (
    "select {key}, sum(amount) from marts.ledger_monthly "
    "where side = 'cost' and basis = '{basis}' group by 1 having sum(amount) <> 0 or {zero}"
)


def bills(
    folder: Path, files: Sequence[Path], since: str, systems: Sequence[str], **columns: str
) -> Path:
    """A portfolio whose inbox holds `files`, as their senders wrote them."""
    write_portfolio(
        folder,
        systems=[
            {
                "id": name,
                "name": name,
                "scenario": "decision_matrix",
                "invested_on": since,
                "live_on": since,
            }
            for name in systems
        ],
        sources=[{"dataset": "billing", "path": "inbox/billing/*.csv", "columns": columns}],
    )
    inbox = folder / "inbox" / "billing"
    inbox.mkdir(parents=True)
    for file in files:
        shutil.copy(file, inbox)
    return folder


def ledger(opened: Any, key: str, basis: str, *, zero: bool = False) -> Sums:
    return dict(by_key(said(opened, CASH.format(key=key, basis=basis, zero=str(zero).lower()))))


def reconciled(opened: Any) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """What came in, what is allocated, what nobody claims, and the difference."""
    found = said(
        opened,
        "select sum(total_in), sum(allocated), sum(unallocated), sum(abs(difference)) "
        "from marts.reconciliation_monthly where dataset = 'billing'",
    )
    total_in, allocated, unallocated, difference = found[0]
    return total_in, allocated, unallocated, difference


@pytest.fixture(scope="module")
def sample(shared: Path) -> Path:
    return shared / "data" / "billing" / "focus_sample_1.0" / "focus_sample.csv"


@pytest.fixture(scope="module")
def corrections(shared: Path) -> Path:
    return shared / "data" / "billing" / "focus_spec_corrections"


def read_by_hand(sample: Path) -> tuple[Sums, Sums]:
    """Billed cost of the sample by provider and by billing month, with nothing of ours."""
    providers: Sums = defaultdict(Decimal)
    months: Sums = defaultdict(Decimal)
    with sample.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            providers[row["ProviderName"]] += Decimal(row["BilledCost"])
            months[date.fromisoformat(row["BillingPeriodStart"][:10])] += Decimal(row["BilledCost"])
    return dict(providers), dict(months)


def test_a_thousand_real_charges_arrive_to_the_last_digit(sample: Path, tmp_path: Path) -> None:
    """AWS and Microsoft are claimed by their billing accounts, Oracle by nobody."""
    folder = bills(tmp_path / "acme", [sample], "2024-09-01", ["aws", "azure"])
    account = ("billing", "billing_account_id", "")
    write_reference(
        folder,
        "cost_categories",
        (1, *account, "equals", "1234567890123", "aws"),
        (2, *account, "regex", "^/providers/Microsoft", "azure"),
    )
    providers, months = read_by_hand(sample)
    assert sum(providers.values()) == Decimal("20.52022672899")
    with books(folder, date(2024, 10, 1)) as opened:
        by_system = ledger(opened, "system_id", "cash")
        by_month = ledger(opened, "month", "cash")
        total_in, allocated, unallocated, difference = reconciled(opened)
        total = said(
            opened,
            "select sum(amount) from marts.tco_monthly "
            "where basis = 'cash' and system_id = 'portfolio'",
        )
        accepted = said(
            opened,
            "select rows_read, rows_accepted from marts.deliveries where dataset = 'billing'",
        )
    assert by_system == {
        "aws": providers["AWS"],
        "azure": providers["Microsoft"],
        "unallocated": providers["Oracle"],
    }
    assert by_month == months
    assert total_in == total[0][0] == sum(providers.values())
    assert allocated == providers["AWS"] + providers["Microsoft"]
    assert (unallocated, difference) == (providers["Oracle"], 0)
    assert accepted == [(1000, 1000)]


def corrected(folder: Path, corrections: Path, *names: str) -> Path:
    """The specification's correction examples, which name no currency; resources are systems."""
    files = [corrections / f"{name}.csv" for name in names]
    systems = ["r-111", "r-222"]
    bills(folder, files, "2025-05-01", systems, billing_currency="=USD")
    resource = ("billing", "resource_id", "", "equals")
    write_reference(
        folder,
        "cost_categories",
        (1, *resource, "R-111", "r-111"),
        (2, *resource, "R-222", "r-222"),
    )
    return folder


def expected(oracles: Path, scenario: str) -> Any:
    return json.loads((oracles / "billing.json").read_text())["focus_corrections"][scenario]


def monthly(sums: dict[str, str]) -> Sums:
    return {date.fromisoformat(f"{month}-01"): Decimal(amount) for month, amount in sums.items()}


@pytest.mark.parametrize("correction", ["delta", pytest.param("ledger", marks=pytest.mark.slow)])
def test_a_correction_after_the_invoice(
    corrections: Path, oracles: Path, tmp_path: Path, correction: str
) -> None:
    """Closed period, scenario 1: a difference and a negation with its new lines say the same."""
    oracle = expected(oracles, "closed_s1")
    names = ("closed_s1_original", f"closed_s1_{correction}")
    with books(corrected(tmp_path / "acme", corrections, *names), date(2025, 6, 1)) as opened:
        assert ledger(opened, "month", "cash", zero=True) == monthly(
            oracle["billed_by_billing_period"]
        )
        assert ledger(opened, "month", "accrual") == monthly(oracle["cost_by_charge_month"])
        for basis in ("cash", "accrual"):
            assert ledger(opened, "upper(system_id)", basis) == {
                name: Decimal(amount) for name, amount in oracle["net_by_resource"].items()
            }
        assert reconciled(opened)[0::3] == (1500, 0)


@pytest.mark.slow
def test_usage_that_arrives_after_the_invoice(
    corrections: Path, oracles: Path, tmp_path: Path
) -> None:
    oracle = expected(oracles, "closed_s2")
    folder = corrected(tmp_path / "acme", corrections, "closed_s2_late_arriving_delta")
    with books(folder, date(2025, 6, 1)) as opened:
        assert ledger(opened, "month", "cash") == monthly(oracle["billed_by_billing_period"])
        assert ledger(opened, "month", "accrual") == monthly(oracle["cost_by_charge_month"])


@pytest.mark.slow
def test_a_correction_of_rounding(corrections: Path, oracles: Path, tmp_path: Path) -> None:
    oracle = expected(oracles, "closed_s3")
    names = ("closed_s3_itemized_original", "closed_s3_itemized_delta")
    with books(corrected(tmp_path / "acme", corrections, *names), date(2025, 6, 1)) as opened:
        assert ledger(opened, "month", "cash") == {
            date(2025, 5, 1): Decimal(oracle["before"]),
            date(2025, 6, 1): Decimal(oracle["correction"]),
        }
        assert ledger(opened, "month", "accrual") == {date(2025, 5, 1): Decimal(oracle["total"])}


@pytest.mark.parametrize("mechanism", ["overwrite", pytest.param("append", marks=pytest.mark.slow)])
def test_a_new_snapshot_replaces_the_open_period(
    corrections: Path, oracles: Path, tmp_path: Path, mechanism: str
) -> None:
    """Open previous period: the replacement supersedes the original; only a source that says
    `append` adds them up."""
    oracle = expected(oracles, "open_prev_s1")
    folder = corrected(
        tmp_path / "acme", corrections, "open_prev_s1_original", "open_prev_s1_replacement"
    )
    settings = folder / "portfolio.yaml"
    settings.write_text(
        settings.read_text().replace("columns:", f"mechanism: {mechanism}\n  columns:")
    )
    key = {"overwrite": "overwrite_total", "append": "wrong_if_appended"}[mechanism]
    with books(folder, date(2025, 6, 1)) as opened:
        for basis in ("cash", "accrual"):
            assert sum(ledger(opened, "month", basis).values()) == Decimal(oracle[key])
        assert reconciled(opened)[0::3] == (Decimal(oracle[key]), 0)


MISSING = {"billing_currency": "=USD"}  # the examples of FOCUS 1.2 name none
COMMITMENTS = (
    ("usage_scenario_4", "commitment_discount_usage_scenario_4"),
    ("purchase_scenario_1", "commitment_discount_purchase_scenario_1"),
    (
        "zero_percent_utilization",
        "zero_percent_utilization_without_commitment_discount_flexibility",
    ),
)


@pytest.mark.slow
def test_prepaid_tokens_are_paid_once_and_used_up_slowly(
    shared: Path, oracles: Path, tmp_path: Path
) -> None:
    """A prepayment is cash when it is billed; what the draw-down uses up is the accrual."""
    oracle = json.loads((oracles / "billing.json").read_text())["focus_ai"]["drawdown"]
    file = shared / "data/billing/focus_spec_ai/drawdown_via_prepayment_ai_model_api.csv"
    with file.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    since = min(row["BillingPeriodStart"] for row in rows)[:10]
    last = max(date.fromisoformat(row["BillingPeriodStart"][:10]) for row in rows)
    folder = bills(tmp_path / "acme", [file], since, ["assistant"])
    with books(folder, last.replace(day=1)) as opened:
        assert sum(ledger(opened, "month", "cash").values()) == Decimal(oracle["billed"])
        assert sum(ledger(opened, "month", "accrual").values()) == Decimal(oracle["effective"])


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "name"), COMMITMENTS)
def test_commitments_are_paid_in_one_month_and_used_in_another(
    shared: Path, oracles: Path, tmp_path: Path, scenario: str, name: str
) -> None:
    oracle = json.loads((oracles / "billing.json").read_text())["focus_commitment_examples_1.2"]
    file = shared / "data" / "billing" / "focus_spec_1.2_examples" / f"{name}.csv"
    folder = bills(tmp_path / "acme", [file], "2023-01-01", ["model"], **MISSING)
    with books(folder, date(2024, 12, 1)) as opened:
        assert sum(ledger(opened, "month", "cash").values()) == Decimal(oracle[scenario]["billed"])
        assert sum(ledger(opened, "month", "accrual").values()) == Decimal(
            oracle[scenario]["effective"]
        )


@pytest.mark.slow
def test_published_examples_reach_the_tco_of_the_systems_that_rules_give_them(
    shared: Path, oracles: Path, tmp_path: Path
) -> None:
    """Examples of FOCUS in one company: an invoice by SKU, virtual currency by resource, and a
    commitment by its id; dates of the US and an hour 30 are written out as ISO first."""
    published, folder = shared / "data" / "billing", tmp_path / "acme"
    oracle = json.loads((oracles / "billing.json").read_text())
    examples = {
        "ai": [published / "focus_spec_ai" / "multi_model_invoice_via_csp_marketplace.csv"],
        "tokens": [
            published / "focus_spec_1.2_examples" / f"virtual_currency_pricing_model_{part}.csv"
            for part in ("a1", "a2")
        ],
        "commitment": [
            published / "focus_spec_1.2_examples" / "commitment_discount_purchase_scenario_3.csv"
        ],
    }
    sources = [
        {"dataset": "billing", "id": name, "path": f"inbox/{name}/*/*.csv"} for name in examples
    ]
    sources[2]["columns"] = MISSING
    since = {"scenario": "decision_matrix", "invested_on": "2023-01-01", "live_on": "2023-01-01"}
    systems = [{"id": name, "name": name, **since} for name in examples]
    write_portfolio(folder, systems=systems, sources=sources)
    for name, files in examples.items():
        (folder / "inbox" / name / "export").mkdir(parents=True)
        for file in files:
            text = written_out(file.read_text(encoding="utf-8-sig"))
            (folder / "inbox" / name / "export" / file.name).write_text(text)
    write_reference(
        folder,
        "cost_categories",
        *(
            (k, "billing", "sku_id", "", "glob", f"solora-atlas-5.6-{model}-*", "ai", "", model)
            for k, model in enumerate(("jupiter", "mars", "venus"))
        ),
        (10, "billing", "resource_id", "", "regex", "^(abcde|adbd-|718239-)", "tokens", "", ""),
        (11, "billing", "commitment_discount_id", "", "glob", "<my-*", "commitment", "", ""),
    )
    with unchecked(folder, date(2025, 6, 1)) as opened:
        cost_up(opened)
        tco = "select {} from marts.tco_monthly where system_id = '{}' and basis = '{}' {}"
        invoice, virtual = (
            oracle["focus_ai"][n] for n in ("multi_model_invoice", "virtual_currency_a1_a2")
        )
        by_model = said(opened, tco.format("category, sum(amount)", "ai", "cash", "group by all"))
        assert {f"solora-atlas-5.6-{model}": amount for model, amount in by_model} == {
            model: Decimal(amount) for model, amount in invoice["by_model"].items()
        }
        tokens = (
            "select sum(consumed_quantity), sum(consumed_quantity) filter (where meter = 'output') "
            "from marts.ledger_monthly where system_id = 'ai' and basis = 'accrual'"
        )
        assert said(opened, tokens) == [(invoice["tokens_total"], invoice["output_tokens"])]
        assert said(opened, tco.format("sum(amount)", "tokens", "cash", "")) == [
            (Decimal(virtual["billed"]),)
        ]
        assert said(
            opened,
            tco.format(
                "month, sum(amount)", "tokens", "accrual", "group by all having sum(amount) <> 0"
            ),
        ) == [(date(2025, 4, 1), Decimal(virtual["effective_used_apr2025"]))]
        bought = oracle["focus_commitment_examples_1.2"]["purchase_scenario_3"]
        for basis, expected_total in (("cash", "billed"), ("accrual", "effective")):
            assert said(opened, tco.format("sum(amount)", "commitment", basis, "")) == [
                (Decimal(bought[expected_total]),)
            ]
        assert reconciled(opened)[2:] == (0, 0)


def written_out(text: str) -> str:
    """The examples' own slips set right: 5/1/25 for a date, hour 30 of a day, no last line end."""
    text = re.sub(
        r"(?<=,)(\d+)/(\d+)/(\d\d)(?=,)",
        lambda found: f"20{found[3]}-{int(found[1]):02}-{int(found[2]):02}T00:00:00Z",
        text,
    )

    def next_day(found: re.Match[str]) -> str:
        return f"{date.fromisoformat(found[1]) + timedelta(days=1)}T{int(found[2]) - 24:02}:"

    return re.sub(r"(\d{4}-\d\d-\d\d)T(2[4-9]|3\d):", next_day, text).rstrip() + "\n"
