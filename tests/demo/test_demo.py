"""The demo's files, read independently, hold what its parameters say in closed form."""

import csv
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from command_line import said

from roi_pipeline import demo
from roi_pipeline.demo import Expected, plan
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.portfolio import load

ANSWERS = demo.expected()
# Every outcome that ever comes has come for predictions before this month.
SETTLED = date(2026, 7, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo.write(tmp_path_factory.mktemp("demo") / "demo")


@pytest.fixture(scope="module")
def con(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Predictions once each, latest outcome each, read with DuckDB's own readers."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    logs, told = folder / "inbox" / "predictions", folder / "inbox" / "outcomes"
    csv_options = "all_varchar = true, ignore_errors = true, null_padding = false"
    con.execute(f"""
        create table logged as
        select prediction_id, predicted_at::varchar as logged_at, system_id, decision, status,
            amount::varchar as amount, null as input_tokens, null as output_tokens
        from read_parquet('{logs}/card-fraud/*.parquet')
        union all
        select prediction_id, predicted_at, system_id, decision, status, null, null, null
        from read_csv('{logs}/part-inspection/*.csv.gz', {csv_options})
        union all
        select prediction_id, predicted_at, system_id, decision, status, null,
            input_tokens, output_tokens
        from read_json('{logs}/support-assistant/*.jsonl.gz', columns = {{
            prediction_id: 'varchar', predicted_at: 'varchar', system_id: 'varchar',
            decision: 'varchar', status: 'varchar', input_tokens: 'bigint',
            output_tokens: 'bigint'}})
        union all
        select route_id, planned_at, 'delivery-routing', action, 'ok', null, null, null
        from read_csv('{logs}/delivery-routing/*.csv.gz', {csv_options})
    """)
    con.execute("""
        create table predictions as
        select distinct *, date_trunc('month', logged_at::timestamptz)::date as month
        from logged where prediction_id not like '%bad%'
    """)
    con.execute(f"""
        create table told as
        with told as (
            select prediction_id, observed_at, outcome, outcome_type, quantity
            from read_csv('{told}/*/*.csv.gz', {csv_options})
            union all
            select prediction_id, observed_at, outcome, outcome_type, quantity
            from read_json('{told}/*/*.jsonl.gz', columns = {{
                prediction_id: 'varchar', observed_at: 'varchar', outcome: 'varchar',
                outcome_type: 'varchar', quantity: 'varchar'}})
        )
        select prediction_id, outcome_type, arg_max(outcome, observed_at) as outcome,
            arg_max(quantity, observed_at)::decimal(18, 2) as quantity,
            max(observed_at) as observed_at
        from told where prediction_id not like '%bad%'
        group by prediction_id, outcome_type
    """)
    con.execute("create table outcomes as from told where outcome_type = 'primary'")
    yield con
    con.close()


def live_months() -> list[tuple[date, str]]:
    return [(month, name) for (month, name), answer in ANSWERS.items() if answer.predictions]


def test_it_has_the_systems_of_its_plan(folder: Path) -> None:
    portfolio = load(folder)
    assert [system.id for system in portfolio.systems] == list(plan.SYSTEMS)
    assert {s.id: s.live_on for s in portfolio.systems} == plan.LIVE


@pytest.mark.slow
def test_it_passes_the_doctor(folder: Path, tmp_path: Path) -> None:
    """Nothing but the rows that are damaged on purpose is worth a hint."""
    examined = shutil.copytree(folder, tmp_path / "demo")
    answer = said("doctor", "--month", "2026-10", "--json", "--portfolio", examined).json
    assert (answer["ready"], answer["failed_checks"]) == (True, [])
    assert [hint for hint in answer["hints"] if "quarantined" not in hint["what"]] == []


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_times(folder: Path, tmp_path: Path) -> None:
    again, other = demo.write(tmp_path / "again"), demo.write(tmp_path / "other", seed=7)
    assert _listing(again) == _listing(folder)
    changed = {n for n, told in _listing(other).items() if told != _listing(folder)[n]}
    assert all("predictions" in name or "outcomes" in name for name in changed)
    assert any("predictions" in name for name in changed)


def _listing(folder: Path) -> dict[str, tuple[str, float]]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {
        str(file.relative_to(folder)): (
            hashlib.sha256(file.read_bytes()).hexdigest(),
            file.stat().st_mtime,
        )
        for file in files
    }


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine").write_text("")
    with pytest.raises(ConfigurationError, match="something is there already"):
        demo.write(tmp_path / "demo")
    assert os.listdir(tmp_path) == ["demo"]


def test_every_prediction_is_there_once(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select month, system_id, count(*) from predictions group by all"
    ).fetchall()
    assert {(month, name): n for month, name, n in found} == {
        place: ANSWERS[place].predictions for place in live_months()
    }
    assert 150_000 < sum(n for _, _, n in found) < 300_000
    assert con.execute("select count(distinct prediction_id) from predictions").fetchone() == (
        sum(n for _, _, n in found),
    )


def test_settled_months_hold_exactly_the_planned_cells(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute("""
        select month, system_id, decision, coalesce(outcome, ''), count(*)
        from predictions left join outcomes using (prediction_id)
        where decision <> 'none' group by all
    """).fetchall()
    cells: dict[tuple[date, str], dict[tuple[str, str], int]] = {}
    for month, name, decision, outcome, n in found:
        cells.setdefault((month, name), {})[decision, outcome] = n
    for place in live_months():
        if place[0] <= SETTLED:
            assert cells[place] == {c: n for c, n in ANSWERS[place].cells.items() if n}, place


def test_the_last_months_are_partly_pending(con: duckdb.DuckDBPyConnection) -> None:
    """Linked rows fall short of the plan in October for every system, and most for fraud."""
    found = dict(
        con.execute("""
        select system_id, count(outcome) from predictions left join outcomes using (prediction_id)
        where month = '2026-10-01' group by all
    """).fetchall()
    )
    share = {
        name: found[name]
        / sum(n for cell, n in ANSWERS[demo.LAST_MONTH, name].cells.items() if cell[1])
        for name in plan.SYSTEMS
    }
    assert all(part < 1 for part in share.values())
    assert 0.4 < share[plan.FRAUD] < 0.7
    assert share[plan.SUPPORT] > 0.93


def test_errors_are_logged_without_an_outcome(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute("""
        select system_id, count(*), count(outcome), max(status)
        from predictions left join outcomes using (prediction_id)
        where decision = 'none' and month = '2026-01-01' group by all order by all
    """).fetchall()
    assert found == [(plan.FRAUD, 10, 0, "error"), (plan.SUPPORT, 12, 0, "error")]


# What a case is worth against the process before, row by row (method §2.3 to §2.5).
BY_HAND = {
    plan.INSPECTION: """
        select month, sum(
            case when outcome = 'defect' then (0.30 - (decision = 'pass')::int) * 118 else 0 end
            + (0.015 - (decision = 'reject' and outcome = 'good')::int) * 9)
        from predictions join outcomes using (prediction_id)
        where system_id = 'part-inspection' group by all
    """,
    plan.SUPPORT: """
        select month, sum(
            case when outcome_type = 'error' then -6
            else ((outcome = 'settled')::int / 0.75 - (decision = 'handoff')::int) * 0.6 * 6.25 end)
        from predictions join told using (prediction_id)
        where system_id = 'support-assistant' group by all
    """,
    plan.ROUTING: """
        select month, sum(
            case outcome_type
                when 'fuel' then quantity * -1.60
                when 'distance' then quantity * 0.25 * 1.60
                when 'duration' then (60 - quantity) * 0.50
                else (0.12 - (outcome = 'late')::int) * 1.50 end)
        from predictions join told using (prediction_id)
        where system_id = 'delivery-routing' group by all
    """,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_value_of_a_system_by_hand(con: duckdb.DuckDBPyConnection, name: str) -> None:
    values = dict(con.execute(BY_HAND[name]).fetchall())
    for month, system in live_months():
        if month <= SETTLED and system == name:
            told = float(values[month])
            assert told == pytest.approx(float(ANSWERS[month, name].value), abs=1e-6), month


def test_the_value_of_the_fraud_system_by_hand(con: duckdb.DuckDBPyConnection) -> None:
    """method §2.2, row by row: what the model did less what the baseline would have done."""
    found = con.execute("""
        select month, sum(
            case when outcome = 'fraud'
                then ((decision = 'block')::int - 0.60)
                    * (amount::decimal(18, 2) * 0.8075 + 23.75 - 3.00)
                else ((decision = 'block')::int - 0.03)
                    * (amount::decimal(18, 2) * -0.012 - 3.00) end)
        from predictions join outcomes using (prediction_id)
        where system_id = 'card-fraud' group by all
    """).fetchall()
    values = {month: Decimal(value) for month, value in found}
    months = [month for month, name in live_months() if name == plan.FRAUD and month <= SETTLED]
    assert {month: values[month] for month in months} == {
        month: ANSWERS[month, plan.FRAUD].value for month in months
    }


def test_quality_is_what_the_story_says() -> None:
    first, last = date(2025, 1, 1), date(2026, 7, 1)
    recall = {m: _recall(ANSWERS[m, plan.INSPECTION]) for m in (first, last)}
    assert recall == {first: Decimal("0.96"), last: Decimal("0.88")}
    assert all(
        _recall(ANSWERS[m, plan.FRAUD]) > Decimal("0.92")
        for m, n in live_months()
        if n == plan.FRAUD
    )


def _recall(answer: Expected) -> Decimal:
    assert answer.tp is not None
    assert answer.fn is not None
    return Decimal(answer.tp) / (answer.tp + answer.fn)


def _bill_lines(folder: Path) -> Iterator[dict[str, str]]:
    """The live bills: of two files of one period, the newer one."""
    for provider in ("nimbus", "lingua"):
        newest: dict[str, Path] = {}
        files = sorted((folder / "inbox" / "billing" / provider).glob("*.csv.gz"), key=_changed)
        for file in files:
            newest[file.name[:7]] = file
        for file in newest.values():
            with gzip.open(file, "rt", newline="") as stream:
                yield from csv.DictReader(stream)


def _changed(file: Path) -> float:
    return file.stat().st_mtime


def test_the_bills_add_up_to_the_planned_cost(folder: Path) -> None:
    with (folder / "reference" / "allocation.csv").open(newline="") as stream:
        shares = [
            (row["allocation_key"], row["system_id"], Decimal(row["share"]))
            for row in csv.DictReader(stream)
        ]
    billed: dict[tuple[date, str], Decimal] = {}
    effective: dict[tuple[date, str], Decimal] = {}
    for line in _bill_lines(folder):
        tags = json.loads(line["Tags"] or "{}")
        claims = [(tags.get("system", plan.UNALLOCATED), Decimal(1))]
        if "cluster" in tags:
            claims = [(name, share) for key, name, share in shares if key == tags["cluster"]]
        for name, share in claims:
            paid = date.fromisoformat(line["BillingPeriodStart"][:10]), name
            used = date.fromisoformat(line["ChargePeriodStart"][:10]).replace(day=1), name
            billed[paid] = billed.get(paid, Decimal(0)) + share * Decimal(line["BilledCost"])
            effective[used] = effective.get(used, Decimal(0)) + share * Decimal(
                line["EffectiveCost"]
            )
    for place, answer in ANSWERS.items():
        assert billed.get(place, Decimal(0)) == answer.billed, place
        assert effective.get(place, Decimal(0)) == answer.effective, place


def test_the_bills_hold_what_bills_hold(folder: Path) -> None:
    lines = list(_bill_lines(folder))
    kinds = {(line["ChargeCategory"], line["ChargeClass"]) for line in lines}
    assert kinds >= {("Purchase", ""), ("Credit", ""), ("Usage", "Correction"), ("Usage", "")}
    assert {line["CommitmentDiscountStatus"] for line in lines} == {"", "Used", "Unused"}
    commitment = [line for line in lines if line["CommitmentDiscountId"] == "commitment-2024-12"]
    bought = sum(Decimal(line["BilledCost"]) for line in commitment)
    assert bought == sum(Decimal(line["EffectiveCost"]) for line in commitment) == 7300


def test_a_manifest_says_what_its_bill_holds(folder: Path) -> None:
    for file in sorted((folder / "inbox" / "billing").rglob("*.csv.gz")):
        told = json.loads(file.with_name(f"{file.name}.manifest.json").read_text())
        with gzip.open(file, "rt", newline="") as stream:
            costs = [Decimal(line["BilledCost"]) for line in csv.DictReader(stream)]
        assert told["rows"] == len(costs)
        assert Decimal(told["total_billed_cost"]) == sum(costs)
        assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert datetime.fromisoformat(told["exported_at"]).timestamp() == file.stat().st_mtime


def test_billed_tokens_are_the_logged_ones(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    logged = {
        month: (int(read), int(written))
        for month, read, written in con.execute("""
            select month, sum(input_tokens), sum(output_tokens) from predictions
            where system_id = 'support-assistant' group by all
        """).fetchall()
    }
    billed: dict[date, dict[str, int]] = {}
    for line in _bill_lines(folder):
        if line["ConsumedUnit"] == "Tokens":
            month = date.fromisoformat(line["BillingPeriodStart"][:10])
            meters = billed.setdefault(month, {})
            meters[line["SkuMeter"]] = meters.get(line["SkuMeter"], 0) + int(
                line["ConsumedQuantity"]
            )
    assert {m: (b["Input Tokens"], b["Output Tokens"]) for m, b in billed.items()} == logged


def test_the_restated_bill_is_the_lower_one(folder: Path) -> None:
    bills = folder / "inbox" / "billing" / "lingua"
    totals = [
        Decimal(
            json.loads((bills / f"{name}.csv.gz.manifest.json").read_text())["total_billed_cost"]
        )
        for name in ("2025-09", "2025-09-restated")
    ]
    assert totals[0] > totals[1]


def _ledger(folder: Path, dataset: str) -> list[dict[str, str]]:
    rows = []
    for file in sorted((folder / "inbox" / dataset).glob("*.csv")):
        with file.open(newline="") as stream:
            rows += list(csv.DictReader(stream))
    return rows


def test_invoices_in_dollars_by_month_of_document(folder: Path) -> None:
    rates = {row["on"]: Decimal(row["rate"]) for row in _ledger(folder, "fx")}
    found: dict[tuple[date, str], Decimal] = {}
    accrued: dict[str, Decimal] = {}
    for row in _ledger(folder, "operating_costs"):
        amount = Decimal(row["amount"])
        if row["currency"] == "EUR":
            on = max(day for day in rates if day <= row["document_on"])
            amount = (amount * rates[on]).quantize(Decimal("0.01"))
        month = date.fromisoformat(row["document_on"]).replace(day=1)
        place = month, row["system_id"]
        found[place] = found.get(place, Decimal(0)) + amount
        first = date.fromisoformat(row["service_start"] or row["document_on"])
        last = date.fromisoformat(row["service_end"] or row["document_on"])
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        inside = sum(day < demo.END for day in days)
        part = accrued.get(row["system_id"], Decimal(0))
        accrued[row["system_id"]] = part + amount * inside / len(days)
    assert found == {place: a.invoiced for place, a in ANSWERS.items() if a.invoiced}
    for name in plan.SYSTEMS:
        told = sum(a.accrued_invoices for (_, n), a in ANSWERS.items() if n == name)
        assert abs(told - accrued[name]) < Decimal("1e-15")


def test_what_is_gone_or_bound_by_contract_is_marked(folder: Path) -> None:
    rows = _ledger(folder, "operating_costs")
    gone = {row["category"] for row in rows if row["avoidable"] == "false"}
    bound = {row["category"] for row in rows if row["committed_until"]}
    assert (gone, bound) == ({"integration"}, {"colocation"})


def test_assets_are_paid_once_and_written_off_to_the_cent(folder: Path) -> None:
    rows = {row["asset_id"]: row for row in _ledger(folder, "capex")}  # the later row wins
    cash: dict[tuple[date, str], Decimal] = {}
    for row in rows.values():
        moves = [(row["acquired_on"], Decimal(row["cost"]))]
        if row["disposed_on"]:
            moves.append((row["disposed_on"], -Decimal(row["disposal_proceeds"])))
        for day, amount in moves:
            place = date.fromisoformat(day).replace(day=1), row["system_id"]
            cash[place] = cash.get(place, Decimal(0)) + amount
    assert cash == {place: a.capex_cash for place, a in ANSWERS.items() if a.capex_cash}
    # 22 of 36 months of two servers of 31,200 and a switch of 5,000, each rounded as a whole
    charged = sum(a.depreciation for (_, n), a in ANSWERS.items() if n == plan.FRAUD)
    assert charged == 2 * Decimal("19066.67") + Decimal("3055.56")
    # the west depot: 14 months of 48, then book value less proceeds
    may, june = (ANSWERS[date(2026, m, 1), plan.ROUTING].depreciation for m in (5, 6))
    assert may == Decimal("187.50") * 3 + (9000 - Decimal("187.50") * 14 - 4100)
    assert june == Decimal("187.50") * 3


def test_files_are_dated_with_the_day_they_came(folder: Path) -> None:
    log = folder / "inbox" / "predictions" / "card-fraud" / "2026-01.parquet"
    assert datetime.fromtimestamp(log.stat().st_mtime, UTC) == datetime(2026, 2, 1, 2, tzinfo=UTC)
    packed = (folder / "inbox" / "outcomes" / "card-fraud" / "2026-01.csv.gz").read_bytes()
    assert packed[4:8] == b"\0\0\0\0"


def test_flaws_are_there_and_few(folder: Path) -> None:
    file = folder / "inbox" / "predictions" / "part-inspection" / "2025-07.csv.gz"
    with gzip.open(file, "rt", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    ids = [row[0] for row in rows]
    bad = sum("bad" in name for name in ids)
    assert bad == plan.MALFORMED + 1
    assert bad / len(rows) < 0.01
    assert len(ids) - len(set(ids)) == plan.TWICE + 1
    assert sum(name.startswith("pi-202506") for name in ids) == plan.AGAIN
    assert [len(row) for row in rows].count(11) == 1


def test_some_outcomes_belong_to_nothing_and_some_were_revised(
    con: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    orphans = con.execute("""
        select count(*) from told anti join predictions using (prediction_id)
    """).fetchone()
    files = sum(1 for _ in (folder / "inbox" / "outcomes").rglob("*.gz"))
    assert orphans == (files * plan.ORPHANS,)
    revised = con.execute(f"""
        select count(*) from (
            select prediction_id from read_csv('{folder}/inbox/outcomes/card-fraud/*.csv.gz',
                all_varchar = true)
            where prediction_id not like '%bad%' and prediction_id not like '%orphan%'
                and prediction_id < 'cf-202608'
            group by prediction_id having count(distinct outcome) > 1)
    """).fetchone()
    assert revised == (19 * plan.REVISED,)


def test_no_outcome_precedes_its_prediction(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("""
        select count(*) from predictions join outcomes using (prediction_id)
        where observed_at::timestamptz < logged_at::timestamptz
            or observed_at::timestamptz >= '2026-11-01'
    """).fetchone() == (0,)


def test_the_stories_come_out_with_a_margin() -> None:
    """Trailing incremental ROI and cumulative cash, from the answers alone."""
    september = date(2026, 9, 1)
    assert _trailing_roi(plan.FRAUD, september) > 0.9
    assert _trailing_roi(plan.ROUTING, september) > 1.5
    assert _trailing_roi(plan.INSPECTION, date(2025, 7, 1)) > 0.25
    assert -0.06 < _trailing_roi(plan.INSPECTION, september) < 0.02
    assert _trailing_roi(plan.SUPPORT, date(2026, 3, 1)) > 0.2
    assert _trailing_roi(plan.SUPPORT, september) < -0.2
    crossing = [m for m in plan.MONTHS if _cumulative(plan.FRAUD, m) >= 0]
    assert date(2026, 2, 1) <= crossing[0] <= date(2026, 4, 1)
    assert crossing == [m for m in plan.MONTHS if m >= crossing[0]]


def _trailing_roi(name: str, month: date) -> float:
    """Over three months that end with `month`; every running cost counts as avoidable."""
    months = [m for m in plan.MONTHS if m <= month][-3:]
    value = sum(ANSWERS[m, name].value for m in months)
    cost = sum(ANSWERS[m, name].effective + ANSWERS[m, name].accrued_invoices for m in months)
    return float((value - cost) / cost)


def _cumulative(name: str, month: date) -> Decimal:
    until = [m for m in plan.MONTHS if m <= month]
    return sum((ANSWERS[m, name].value - ANSWERS[m, name].cost_cash for m in until), Decimal(0))
