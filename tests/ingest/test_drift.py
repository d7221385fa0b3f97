"""Promises 9 and 10: columns go by name; a header that drifted is refused or noted, not guessed."""

from collections.abc import Callable

import pytest
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline.errors import ConfigurationError

ROWS = [PREDICTION.format(i=i).split(",") for i in range(200)]
HEADER = PREDICTIONS.split(",")


def deliver(company: Company, kind: str, header: list[str], rows: list[list[str]]) -> None:
    """Put the rows into the inbox as a CSV, or as the Parquet file a DuckDB user would write."""
    text = lines(",".join(header), [",".join(row) for row in rows])
    if kind == "csv":
        company.put("inbox/predictions/a.csv", text)
        return
    company.put("inbox/predictions/none", "")
    (company.folder / "inbox/predictions/none").unlink()
    company.put("raw.csv", text)
    names = ", ".join(f'c{i} as "{name}"' for i, name in enumerate(header))
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header)))
    company.con.execute(
        f"copy (select {names} from read_csv('{company.folder}/raw.csv', header = true, "
        f"auto_detect = false, columns = {{{columns}}})) "
        f"to '{company.folder}/inbox/predictions/a.parquet' (format parquet)"
    )


both = pytest.mark.parametrize("kind", ["csv", "parquet"])


@both
def test_columns_go_by_name(make: Callable[..., Company], kind: str) -> None:
    found = []
    for turn in (1, -1):
        company = make({"dataset": "predictions", "path": "inbox/predictions/*"})
        deliver(company, kind, HEADER[::turn], [row[::turn] for row in ROWS])
        company.ingest("predictions")
        found.append(
            company.rows("select * exclude (delivery_id) from predictions order by row_no")
        )
    assert found[0] == found[1]
    assert len(found[0]) == 200


@both
@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["prediction_id", "predicted_at", "system_id", "model_version", "note"], "'decision'"),
        (["prediction_id", "ts", "system_id", "model_version", "decision"], "'predicted_at'"),
        (["prediction_id", "predicted_at", "system_id", "model_version", "Decision"], "column 5"),
    ],
    ids=["missing", "renamed", "other case"],
)
def test_a_missing_or_renamed_column_refuses_the_file(
    logs: Company, kind: str, header: list[str], said: str
) -> None:
    deliver(logs, kind, header, ROWS)
    (refused,) = logs.ingest("predictions").refused
    assert "the header lacks" in refused.reason
    assert said in refused.reason
    assert "portfolio.yaml" in refused.reason, "it says what to do"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (f"{PREDICTIONS},decision", "'decision' more than once"),
        (f"{PREDICTIONS},", "header column 6 has no name"),
        (f"{PREDICTIONS}, ", "header column 6 has no name"),
    ],
    ids=["twice", "empty", "blank"],
)
def test_a_header_that_is_ambiguous_refuses_the_file(logs: Company, header: str, said: str) -> None:
    logs.put("inbox/predictions/a.csv", lines(header, [",".join([*row, "x"]) for row in ROWS]))
    (refused,) = logs.ingest("predictions").refused
    assert said in refused.reason


@both
def test_a_new_column_is_noted_and_never_read(logs: Company, kind: str) -> None:
    rows = [[*row, "alice@example.com"] for row in ROWS]
    deliver(logs, kind, [*HEADER, "customer_email"], rows)
    (receipt,) = logs.ingest("predictions").receipts
    assert receipt.notes["unread_columns"] == 1
    assert receipt.rows_accepted == 200
    for file in logs.portfolio.state.rglob("*"):
        assert not file.is_file() or b"alice@example.com" not in file.read_bytes(), file


@both
@pytest.mark.parametrize(("faults", "is_refused"), [(9, False), (10, False), (11, True)])
def test_0_9_percent_of_faults_passes_and_1_1_does_not(
    logs: Company, kind: str, faults: int, is_refused: bool
) -> None:
    rows = [PREDICTION.format(i=i).split(",") for i in range(1000)]
    for row in rows[:faults]:
        row[1] = "02/03/2026"
    deliver(logs, kind, HEADER, rows)
    report = logs.ingest("predictions")
    assert bool(report.refused) is is_refused
    if is_refused:
        assert "bad predicted_at 11" in report.refused[0].reason
        assert "ISO 8601" in report.refused[0].reason
    else:
        assert report.receipts[0].rows_quarantined == faults


TYPES = {
    "latency_ms": ("'slow'", "bad latency_ms"),
    "input_tokens": ("1.5::double", "bad input_tokens"),
    "score": ("'nan'::double", "bad score"),
    "amount": ("1e30::double", "bad amount"),
    "propensity": ("1.5::double", "propensity outside 0 to 1"),
    "cached_tokens": ("-1::integer", "negative cached_tokens"),
    "arm": ("'placebo'", "unknown arm"),
    "currency": ("'BTC'", "unknown currency"),
    "predicted_label": ("'<b>'", "bad predicted_label"),
}


@pytest.mark.parametrize("column", TYPES)
def test_a_column_of_another_type_is_cast_value_by_value(logs: Company, column: str) -> None:
    value, reason = TYPES[column]
    logs.put("inbox/predictions/none", "")
    (logs.folder / "inbox/predictions/none").unlink()
    logs.con.execute(
        f"""copy (
            select 'p' || i as prediction_id, timestamptz '2026-10-05 08:00:00+02' as predicted_at,
                'card-fraud' as system_id, 'v1' as model_version, 'block' as decision,
                case when i = 7 then {value} end as {column}
            from range(200) as t(i)
        ) to '{logs.folder}/inbox/predictions/a.parquet' (format parquet)"""
    )
    (receipt,) = logs.ingest("predictions").receipts
    assert receipt.notes["reasons"] == {reason: 1}
    assert logs.rows("select row_no, reason from quarantine") == [(8, reason)]
    assert (
        logs.value("select count(*) from predictions where predicted_at = '2026-10-05 06:00'")
        == 199
    )


def test_aliases_and_constants_name_what_a_file_calls_otherwise(
    make: Callable[..., Company],
) -> None:
    company = make(
        {
            "dataset": "predictions",
            "path": "inbox/predictions/*",
            "columns": {
                "prediction_id": "request id",
                "system_id": "=card-fraud",
                "decision": "=none",
            },
        }
    )
    company.put(
        "inbox/predictions/a.csv",
        lines(
            "request id,predicted_at,model_version,decision", ["r1,2026-10-05T08:00:00Z,v1,block"]
        ),
    )
    (receipt,) = company.ingest("predictions").receipts
    assert company.rows("select prediction_id, system_id, decision from predictions") == [
        ("r1", "card-fraud", "none")
    ]
    assert receipt.notes["unread_columns"] == 1


def test_an_alias_that_is_not_in_the_file_is_named_with_what_is_near(
    make: Callable[..., Company],
) -> None:
    columns = {"prediction_id": "request_id"}
    company = make({"dataset": "predictions", "path": "inbox/predictions/*", "columns": columns})
    company.put("inbox/predictions/a.csv", lines(PREDICTIONS.replace("prediction_", "request"), []))
    (refused,) = company.ingest("predictions").refused
    assert "lacks 'request_id' ('request_id' may be column 1)" in refused.reason


def test_focus_names_are_matched_without_case(bills: Company) -> None:
    bills.put("inbox/billing/a.csv", "\ufeff" + lines(BILLING.upper(), [BILL.format(cost="0.5")]))
    assert bills.ingest("billing").receipts[0].rows_accepted == 1
    twice = BILLING + ",billedCOST"
    bills.put("inbox/billing/b.csv", lines(twice, [BILL.format(cost="0.5") + ",1"]))
    assert "'billedcost' more than once" in bills.ingest("billing").refused[0].reason


def test_what_a_bill_has_beyond_the_contract_is_kept_in_x(bills: Company) -> None:
    header = BILLING + ',x_Team,"odd ""name"""'
    bills.put("inbox/billing/a.csv", lines(header, [BILL.format(cost=1) + ',blue,"a ""b"" c"']))
    bills.ingest("billing")
    found = bills.rows("""select x ->> 'x_Team', x ->> '$."odd \\"name\\""' from billing""")
    assert found == [("blue", 'a "b" c')]


def test_tags_keep_their_text_whatever_it_is(bills: Company) -> None:
    tags = ['"{""a"": ""1""}"', '"""a"": ""2"""', "plain words", "", "NULL"]
    rows = [f"{BILL.format(cost=1)},{tag}" for tag in tags]
    bills.put("inbox/billing/a.csv", lines(BILLING + ",Tags", rows))
    assert bills.ingest("billing").receipts[0].rows_quarantined == 0
    assert bills.rows("select tags ->> 'a', tags::varchar from billing order by row_no") == [
        ("1", '{"a": "1"}'),
        ("2", '{"a": "2"}'),
        (None, '"plain words"'),
        (None, None),
        (None, None),
    ]


def test_an_alias_of_no_column_is_a_mistake_of_configuration(make: Callable[..., Company]) -> None:
    company = make({"dataset": "billing", "path": "inbox/*", "columns": {"cost": "Kosten"}})
    company.put("inbox/a.csv", lines(BILLING, [BILL.format(cost=1)]))
    with pytest.raises(ConfigurationError, match="'cost' is not a column of billing"):
        company.ingest("billing")
    company = make({"dataset": "fx", "path": "inbox/*", "columns": {"rates": "Kurs"}})
    company.put("inbox/a.csv", "on,currency,rate,base\n")
    with pytest.raises(ConfigurationError, match="'rates' is not a column of fx"):
        company.ingest("fx")
