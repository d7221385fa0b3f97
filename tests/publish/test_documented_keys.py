"""The key that docs/tables.md gives for a published table identifies its rows: it is unique, never
null, and no column of it can be left out. Held against the edition of one varied company."""

import json
import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
from runner import books, close, run, write_reference
from small_company import bill, put, small_company

from roi_pipeline.marts import choices, projections
from roi_pipeline.pipeline.run import Run
from roi_pipeline.publish import editions

pytestmark = pytest.mark.slow
TABLES = Path(__file__).parent.parent.parent / "docs" / "tables.md"
JANUARY, FEBRUARY, APRIL = (date(2026, month, 1) for month in (1, 2, 4))
ONE_ROW = {"publication"}
# Columns of a key whose other columns identify the rows of this company already.
NOT_SHOWN = {
    "check_results": {"month_first", "month_last"},  # few rows are one block of months
    "deliveries": {"dataset"},  # two files of the same bytes
    "dim_driver": {"side"},  # a driver named alike in costs and in a scenario
    "ledger_monthly": {"side"},  # follows from the basis
    "reconciliation_monthly": {"dataset"},  # follows from the source
    "sensitivity_monthly": {"analysis"},  # follows from the parameter and the scenario
    "spend_estimate_monthly": {"bill"},  # two gateways of one provider
    "tco_change_monthly": {"category"},  # the first part of the driver, more often than not
    "unallocated_monthly": {"source", "reason"},  # follow from the source_id and the key
}
REFERENCE = {
    "reviews": """system_id,decided_on,kind,decision,decided_by,rationale
card-fraud,2026-02-10,hard_stop,decommission,board,a leak
card-fraud,2026-03-10,hard_stop,decommission,board,a leak again
line-check,2026-02-11,hard_stop,retrain,board,a leak
line-check,2026-03-10,yearly,continue,board,looked at
line-check,2026-03-10,yearly,retrain,board,looked at again
""",
    "options": """system_id,option,one_off_cost,currency,valid_from,source_document
card-fraud,renegotiate,10,USD,2026-01-01,offer
line-check,renegotiate,10,USD,2026-01-01,offer
""",
    "model_versions": """system_id,model_version,deployed_on,rollback_possible
card-fraud,v0,2025-01-01,true
line-check,v1,2026-01-01,true
""",
    "indirect_values": """\
system_id,driver,monthly_amount,currency,method,owner,valid_from,confidence
card-fraud,trust,100,USD,poll,cmo,2026-01-01,0.5
card-fraud,brand,50,USD,poll,cmo,2026-01-01,0.5
line-check,trust,10,USD,poll,cmo,2026-01-01,0.5
""",
}


def documented() -> dict[str, tuple[str, ...]]:
    """The key of every table of the section on marts, as a reader of the page finds it."""
    marts = TABLES.read_text(encoding="utf-8").partition("\n## Marts")[2].partition("\n## ")[0]
    return {
        name: tuple(re.findall(r"`(\w+)`", key))
        for name, key in re.findall(r"### (\w+)\n.*?\n\nKey: (.*?)\.", marts, re.DOTALL)
    }


def varied_company(folder: Path) -> Path:
    """The small company with everything that makes rows alike in all but one column of a key."""
    small_company(
        folder,
        months=4,
        sources=[
            {"dataset": "billing", "path": "inbox/billing/*.csv"},
            {"dataset": "billing", "id": "other", "path": "inbox/other/*", "holds_part": True},
            {"dataset": "capex", "path": "inbox/capex/*.csv"},
            {"dataset": "asset_events", "path": "inbox/asset_events/*.csv"},
            {"dataset": "fx", "path": "inbox/fx/*.csv"},
            {"dataset": "operating_costs", "path": "inbox/operating_costs/*.csv"},
            {"dataset": "predictions", "path": "inbox/predictions/*"},
            {
                **{"dataset": "predictions", "id": "gateway", "path": "inbox/gateway/*"},
                **{"format": "litellm_spend", "billed_by": {"a": "billing/S", "b": "billing"}},
                "columns": {"system_id": "=card-fraud", "decision": "=none"},
            },
            {"dataset": "outcomes", "path": "inbox/outcomes/*"},
        ],
    )
    for name, text in REFERENCE.items():
        (folder / "reference" / f"{name}.csv").write_text(text, encoding="utf-8")
    write_reference(
        folder,
        "baselines",
        *(
            (system, "1", "policy", value, "USD", 900, error, "2025-01-01", "2025-12-31")
            for system, value, error in (("card-fraud", 0, 1), ("line-check", 0, ""))
        ),
    )
    _modes(folder)
    _ledgers(folder)
    _gateway(folder)
    return folder


def _modes(folder: Path) -> None:
    """In each month both systems also serve in batches, with both versions."""
    head = (
        "prediction_id,predicted_at,system_id,model_version,decision,serving_mode,amount,currency"
    )
    rows = [
        f"b{month}-{k},2026-{month:02d}-05T12:00:00Z,{('card-fraud', 'line-check')[k % 2]},"
        f"v{1 + k // 2 % 2},{('flag', 'pass')[k // 4 % 2]},"
        f"{('batch', 'realtime')[k // 8 % 2]},9,USD"
        for month in (1, 2, 3, 4)
        for k in range(32)
    ]
    known = [
        f"b{month}-{k},2026-{month:02d}-20T12:00:00Z,{('good', 'bad')[k // 16]}"
        for month in (1, 2, 3, 4)
        for k in range(32)
    ]
    put(folder, "predictions/modes.csv", "\n".join([head, *rows]) + "\n")
    put(
        folder,
        "outcomes/modes.csv",
        "prediction_id,observed_at,outcome\n" + "\n".join(known) + "\n",
    )


def _ledgers(folder: Path) -> None:
    """Two assets with a tax class, one improved; costs of one category in two classes, of a shared
    key without shares and of nobody."""
    head = (
        "asset_id,description,asset_class,acquired_on,in_service_on,cost,currency,salvage_value,"
        "life_months,system_id,macrs_years"
    )
    asset = "server,server,2025-01-10,2025-01-10,3600,USD,0,48"
    put(
        folder,
        "capex/taxed.csv",
        f"{head}\nsrv-2,{asset},card-fraud,5\nsrv-3,{asset},line-check,5\n",
    )
    put(
        folder,
        "operating_costs/more.csv",
        "entry_id,document_on,amount,currency,category,cost_class,system_id,allocation_key,vendor\n"
        "a1,2026-02-03,10,USD,labour,capex,card-fraud,,v\n"
        "a2,2026-02-03,10,USD,labour,,card-fraud,,v\n"
        "a3,2026-02-03,10,USD,labour,,line-check,,v\n"
        "a4,2026-02-03,10,USD,labour,,,nobody,v\n"
        "a5,2026-02-03,10,USD,labour,,,nothing,v\n"
        "a6,2026-02-03,10,USD,labour,,,nobody,w\n"
        "a7,2026-02-03,10,USD,DNS,,,nobody,v\n"
        "a8,2026-02-03,10,EUR,labour,,card-fraud,,v\n",
    )
    put(folder, "fx/ecb.csv", "on,currency,rate,base\n2026-02-02,USD,1.25,EUR\n")
    put(
        folder,
        "asset_events/2026.csv",
        "asset_id,event_on,kind,amount\nsrv-2,2025-07-01,improvement,480\n",
    )
    bill(folder, FEBRUARY, [("", "1")], name="../other/2026-02")


def _gateway(folder: Path) -> None:
    calls = [
        {
            **{"request_id": f"c{month}-{k}", "startTime": f"2026-{month:02d}-05T08:00:00Z"},
            **{"endTime": f"2026-{month:02d}-05T08:00:01Z", "model": "m", "prompt_tokens": 1},
            **{"completion_tokens": 1, "spend": 1, "custom_llm_provider": "abcd"[k % 4]},
        }
        for month in (1, 2)
        for k in range(8)
    ]
    put(folder, "gateway/calls.jsonl", "".join(json.dumps(call) + "\n" for call in calls))


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an edition in which two closed months were restated, January twice."""
    folder = varied_company(tmp_path_factory.mktemp("keys") / "acme")
    with pytest.MonkeyPatch.context() as few:  # draws move no key
        few.setattr(projections, "DRAWS", 200)
        few.setattr(projections, "EARLIER_DRAWS", 200)
        few.setattr(choices, "DRAWS", 200)
        return folder / "marts" / _run_close_restate(folder)


class Sampled(Run):
    """A run whose edition has the checks of two tables: enough for the key of their results."""

    def checked_tables(self) -> list[str]:
        """Two tables that have a check of one name."""
        return ["baselines", "prices"]


def _run_close_restate(folder: Path) -> str:
    """The name of the edition."""
    run(folder, JANUARY)
    close(folder, JANUARY)
    late = [("line-check", "5"), ("card-fraud", "5")]
    bill(folder, JANUARY, late, name="late-1", exported_at="2026-05-25T00:00:00Z")
    run(folder, FEBRUARY)
    close(folder, FEBRUARY)
    for month in (JANUARY, FEBRUARY):
        name = f"late-{month:%m}-2"
        bill(folder, month, [*late, *late], name=name, exported_at="2026-05-26T00:00:00Z")
    with books(folder, APRIL) as opened:
        opened.__class__ = Sampled
        for table in opened.checked_tables():
            opened.check(table)
        return editions.publish(opened).name


def test_every_published_table_has_a_documented_key(edition: Path) -> None:
    assert {file.stem for file in edition.glob("*.parquet")} == documented().keys()


@pytest.mark.parametrize("name", sorted(documented()))
def test_a_documented_key_is_that_of_the_rows(edition: Path, name: str) -> None:
    key = documented()[name]
    with duckdb.connect() as con:
        con.execute(f"create view t as from read_parquet('{edition / name}.parquet')")

        def distinct(columns: list[str]) -> int:
            listed = ", ".join(columns) or "1"
            return con.execute(
                f"select count(*) from (select distinct {listed} from t)"
            ).fetchall()[0][0]

        (total,) = con.execute("select count(*) from t").fetchall()[0]
        assert total > 1 or name in ONE_ROW
        for column in key:
            assert con.execute(f"select count(*) from t where {column} is null").fetchall() == [
                (0,)
            ], column
        assert distinct(list(key)) == total
        spare = {c for c in key if distinct([other for other in key if other != c]) == total}
        assert spare == NOT_SHOWN.get(name, spare if name in ONE_ROW else set())


def test_a_unit_cost_is_published_under_one_name(edition: Path) -> None:
    """No two of its ratios are the same number in every row in which one of them has one."""
    with duckdb.connect() as con:
        con.execute(
            f"create view t as from read_parquet('{edition / 'unit_cost_monthly.parquet'}')"
        )
        names = [name for name, *_ in con.execute("describe t").fetchall() if "cost_per" in name]
        alike = [
            (one, other)
            for k, one in enumerate(names)
            for other in names[:k]
            if con.execute(
                f"select count(*) > 0 and bool_and({one} is not distinct from {other}) from t "
                f"where {one} is not null or {other} is not null"
            ).fetchall()
            == [(True,)]
        ]
    assert len(names) > 3
    assert alike == []
