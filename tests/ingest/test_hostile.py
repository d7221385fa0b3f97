"""Promises 28, 32 and 33: hostile text is only text, and personal data is hashed or not read."""

import csv
import hashlib
import hmac
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from company import BILL, BILLING, PREDICTIONS, Company, lines

from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.judging import PII_KEY

HOSTILE = [
    "Robert'); drop table deliveries; --",
    "\"; attach '/etc/passwd' as x; --",
    "' or '1'='1",
    "$zone $path {{ 7 * 7 }} %s {0}",
    "\\'; copy deliveries to '/tmp/x'; --",
    "nul\x00inside",
    "\u202eright to left\u202c",
    "😀 zero\u200bwidth é é",
    "line\nbreak\r\nand, comma",
    "x" * 1_000_000,
    "../../etc/passwd",
    "=cmd|'/c calc'!A1 <script>alert(1)</script>",
]
ids = [f"hostile{i}" for i in range(len(HOSTILE))]


def table(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def intact(company: Company) -> bool:
    wanted = {"deliveries", "delivery_months", "delivery_paths", "quarantine", "refusals"}
    return wanted <= {name for (name,) in company.rows("select table_name from duckdb_tables()")}


@pytest.mark.parametrize("text", HOSTILE, ids=ids)
def test_hostile_text_is_stored_verbatim(logs: Company, text: str) -> None:
    header = PREDICTIONS.split(",")
    body = table(header, [[text, "2026-10-05T08:00:00Z", "card-fraud", "v1", "block"]])
    logs.put("inbox/predictions/a.csv", body)
    assert logs.ingest("predictions").refused == ()
    assert logs.value("select prediction_id from predictions") == text
    assert intact(logs)


@pytest.mark.parametrize("text", HOSTILE, ids=ids)
def test_hostile_header_is_stored_verbatim(bills: Company, text: str) -> None:
    row = [*BILL.format(cost=1).split(","), text]
    bills.put("inbox/billing/a.csv", table([*BILLING.split(","), text], [row]))
    assert bills.ingest("billing").refused == ()
    assert json.loads(bills.value("select x::varchar from billing")) == {text.strip(): text}
    assert intact(bills)


@pytest.mark.parametrize("text", [t for t in HOSTILE if len(t) < 200], ids=str)
def test_hostile_label_is_quarantined_not_published(
    make: Callable[..., Company], text: str
) -> None:
    company = make({"dataset": "predictions", "path": "inbox/*"}, max_quarantined_share=0.9)
    good = ["1", "2026-10-05T08:00:00Z", "card-fraud", "v1", "block"]
    bad = ["2", "2026-10-05T08:00:00Z", "card-fraud", "v1", text]
    company.put("inbox/a.csv", table(PREDICTIONS.split(","), [good, bad]))
    company.ingest("predictions")
    unsafe = any(sign in text for sign in "@<>\x00\n\r")
    assert company.value("select count(*) from quarantine") == int(unsafe)
    if unsafe:
        assert company.value("select row ->> 'decision' from quarantine") == text or "\x00" in text
    else:
        assert company.value("select decision from predictions where row_no = 2") == text


@pytest.mark.parametrize("name", ["it's.csv", "a;b--.csv", "[x]*?.csv", "ü 😀.csv", "$path.csv"])
def test_hostile_path_is_read_and_named(make: Callable[..., Company], name: str) -> None:
    company = make({"dataset": "predictions", "path": "inbox/p'[q]/*".replace("[q]", "?q?")})
    company.put(
        f"inbox/p'[q]/{name}",
        table(PREDICTIONS.split(","), [["1", "2026-10-05T08:00:00Z", "s", "v", "d"]]),
    )
    assert company.ingest("predictions").refused == ()
    assert company.value("select path from deliveries") == f"inbox/p'[q]/{name}"
    assert company.value("select count(*) from predictions") == 1


def test_a_constant_is_a_value_not_sql(make: Callable[..., Company]) -> None:
    text = "x', (select 1)) --"
    columns = {"prediction_id": f"={text}"}
    company = make({"dataset": "predictions", "path": "inbox/*", "columns": columns})
    company.put("inbox/a.csv", lines(PREDICTIONS, ["1,2026-10-05T08:00:00Z,card-fraud,v1,block"]))
    company.ingest("predictions")
    assert company.value("select prediction_id from predictions") == text


def test_a_link_that_leads_outside_is_refused(logs: Company, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(lines(PREDICTIONS, []))
    (logs.folder / "inbox/predictions").mkdir(parents=True)
    (logs.folder / "inbox/predictions/a.csv").symlink_to(tmp_path / "secret.csv")
    assert "outside the portfolio" in logs.ingest("predictions").refused[0].reason


ENTITY = PREDICTIONS + ",entity_id"


def entities(company: Company, key: str, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setenv(PII_KEY, key)
    people = ["alice@example.com", "alice@example.com", "bob", ""]
    rows = [f"{i},2026-10-05T08:00:00Z,card-fraud,v1,block,{who}" for i, who in enumerate(people)]
    company.put("inbox/predictions/a.csv", lines(ENTITY, rows))
    assert company.ingest("predictions").refused == ()
    return [row[0] for row in company.rows("select entity_id from predictions order by row_no")]


@pytest.mark.parametrize("key", ["k", "a key of more than sixty-four bytes " * 3])
def test_a_personal_column_becomes_an_hmac(
    logs: Company, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    first, again, other, nobody = entities(logs, key, monkeypatch)
    assert first == hmac.new(key.encode(), b"alice@example.com", hashlib.sha256).hexdigest()
    assert first == again != other
    assert nobody is None


def test_another_key_gives_other_hashes_and_no_key_is_kept(
    make: Callable[..., Company], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    one, two = (make({"dataset": "predictions", "path": "inbox/predictions/*"}) for _ in "12")
    mine = "not-to-be-found-anywhere"
    assert entities(one, mine, monkeypatch)[0] != entities(two, "another", monkeypatch)[0]
    for company in (one, two):
        company.con.close()
        for file in company.folder.rglob("*"):
            if file.is_file() and "inbox" not in file.parts:
                assert mine.encode() not in file.read_bytes(), file
                assert b"alice@example.com" not in file.read_bytes(), file
    assert mine not in "".join(capfd.readouterr())


def test_without_a_key_a_personal_column_stops_the_run(
    logs: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PII_KEY, raising=False)
    logs.put("inbox/predictions/a.csv", lines(ENTITY, ["1,2026-10-05T08:00:00Z,s,v,d,alice"]))
    with pytest.raises(ConfigurationError, match=PII_KEY) as stopped:
        logs.ingest("predictions")
    assert stopped.value.exit_code == 2
    assert logs.value("select count(*) from deliveries") == 0
    assert not list(logs.portfolio.state.glob("deliveries/predictions/*"))


def test_quarantine_keeps_columns_of_the_contract_only(
    logs: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PII_KEY, "k")
    person = "alice@example.com"
    good = [f"{i},2026-10-05T08:00:00Z,card-fraud,v1,block,{person},{person}" for i in range(300)]
    bad = [
        f"x,never,card-fraud,v1,block,{person},{person}",
        f"y,2026-10-05T08:00:00Z,card-fraud,v1,block,{person},{person},{person}",
    ]
    logs.put("inbox/predictions/a.csv", lines(ENTITY + ",notes", good + bad))
    assert logs.ingest("predictions").refused == ()
    kept = logs.rows(
        "select row_no, reason, row ->> 'predicted_at', json_keys(row) from quarantine"
    )
    assert kept == [
        (301, "bad predicted_at", "never", [*PREDICTIONS.split(","), "entity_id"]),
        (302, "too many columns", None, None),
    ]
    logs.con.execute("checkpoint")
    for file in logs.portfolio.state.rglob("*"):
        assert not file.is_file() or person.encode() not in file.read_bytes(), file
    kept = [*(logs.portfolio.state / "deliveries").rglob("*")]
    assert kept
    assert [file for file in kept if os.stat(file).st_mode & 0o077] == []
    for folder in logs.portfolio.state.glob("deliveries/*"):
        assert folder.stat().st_mode & 0o077 == 0


def test_x_of_a_bill_never_enters_quarantine(make: Callable[..., Company]) -> None:
    company = make({"dataset": "billing", "path": "inbox/*"}, max_quarantined_share=0.9)
    rows = [BILL.format(cost=cost) + ",alice@example.com" for cost in (1, "much")]
    company.put("inbox/a.csv", lines(BILLING + ",PrincipalId", rows))
    company.ingest("billing")
    (row,) = company.rows("select row, month::varchar, amount from quarantine")
    assert "alice" not in row[0]
    assert '"billed_cost":"much"' in row[0]
    assert row[1:] == ("2026-10-01", None)


def test_a_refusal_does_not_quote_the_data(logs: Company) -> None:
    rows = [f"alice@example.com,{i},alice@example.com" for i in range(9)]
    logs.put("inbox/predictions/a.csv", lines(PREDICTIONS, rows))
    logs.put("inbox/predictions/b.csv", lines(PREDICTIONS, ['"alice@example.com']))
    for refused in logs.ingest("predictions").refused:
        assert "alice" not in refused.reason
