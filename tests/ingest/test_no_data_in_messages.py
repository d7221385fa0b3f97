"""Promises 32 and 46: what a file holds is never quoted, only names that the contract knows."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines

from roi_pipeline.ingest.receipt_files import QUARANTINE

MAIL, PERSON, CARD = "jane.quill@example.com", "Jane Quillfeather", "4111111111111111"
SEEDS = (MAIL, PERSON, CARD)
SEEDED = f"{MAIL},{PERSON},{CARD}"
GOOD = PREDICTION.format(i=1)
FIELDS = dict(zip(PREDICTIONS.split(","), GOOD.split(","), strict=True))
TWO_MB = 2_100_000


def leaked(company: Company) -> dict[str, list[str]]:
    """Where a seed was written outside the quarantined rows: tables, and files but deliveries."""
    found: dict[str, list[str]] = {}
    for (table,) in company.rows("select table_name from duckdb_tables() where not temporary"):
        select = "* exclude (row)" if table == "quarantine" else "*"
        text = str(company.rows(f"select {select} from {table}"))
        found[table] = [seed for seed in SEEDS if seed in text]
    for file in company.portfolio.state.rglob("*"):
        if file.is_file() and file.name != QUARANTINE:
            found[file.name] = [seed for seed in SEEDS if seed.encode() in file.read_bytes()]
    return {place: seeds for place, seeds in found.items() if seeds}


def rejected(company: Company, dataset: str, silent: pytest.CaptureFixture[str]) -> str:
    """The reason of the one rejection, which quotes nothing, nor does anything that was written."""
    (refused,) = company.ingest(dataset).refused
    assert leaked(company) == {}
    assert [seed for seed in SEEDS if seed in refused.reason] == []
    assert [seed for seed in SEEDS if seed in "".join(silent.readouterr())] == []
    return refused.reason


TABLES = {
    "predictions": "the header lacks",
    "outcomes": "the header lacks",
    "billing": "the header lacks",
    "capex": "the header lacks",
    "asset_events": "the header lacks",
    "operating_costs": "the header lacks",
    "fx": "the header lacks",
    "prices": "the header lacks",
}


def of(make: Callable[..., Company], dataset: str, **source: object) -> Company:
    """A company that has a dataset delivered to inbox/."""
    if dataset == "prices":
        return make()
    return make({"dataset": dataset, "path": "inbox/*", **source})


def place(dataset: str) -> str:
    return "reference/prices.csv" if dataset == "prices" else "inbox/a.csv"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("dataset", TABLES)
def test_a_file_without_a_header(
    make: Callable[..., Company], capfd: pytest.CaptureFixture[str], dataset: str, packed: bool
) -> None:
    company = of(make, dataset)
    body = lines(SEEDED, [SEEDED] * 3).encode()
    company.put(place(dataset), gzip.compress(body, mtime=0) if packed else body)
    reason = rejected(company, dataset, capfd)
    assert TABLES[dataset] in reason
    assert "3 columns" in reason, "unknown names are counted"


NEAR = (f"prediction_id {MAIL}", f"decision {PERSON}", f"{CARD} predicted_at", f"{MAIL} system_id")
HEADERS = {
    "names close to the contract's": ",".join(NEAR),
    "one seed twice": f"{PREDICTIONS},{MAIL},{MAIL}",
    "a known name twice": f"{PREDICTIONS},decision,{MAIL}",
    "no name": f"{MAIL},,{PERSON}",
    "an open quote": f'"{SEEDED}',
    "a broken quote": f'{MAIL}"{PERSON}",{CARD}',
    "CR lines": SEEDED.replace(",", "\r"),
    "another delimiter": SEEDED.replace(",", ";"),
    "tabs": SEEDED.replace(",", "\t"),
    "one long name": f"{MAIL} {PERSON} {CARD} " * 4,
    "many": ",".join(f"{MAIL}{i}" for i in range(300)),
    "control characters": f"\x1b[31m{MAIL},\x07{PERSON}\u202e{CARD}",
    "a BOM": f"\ufeff{SEEDED}",
}


@pytest.mark.parametrize("dataset", ["predictions", "billing", "fx"])
@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_of_data(
    make: Callable[..., Company], capfd: pytest.CaptureFixture[str], kind: str, dataset: str
) -> None:
    company = of(make, dataset)
    row = ",".join([CARD] * (HEADERS[kind].count(",") + 1))
    company.put("inbox/a.csv", lines(HEADERS[kind], [row]))
    rejected(company, dataset, capfd)


@pytest.mark.parametrize("name", ["BilledCost", "Billed_Cost", f"{PERSON} (BilledCost)"])
def test_a_bill_that_has_a_column_twice(
    bills: Company, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    bills.put("inbox/billing/a.csv", lines(f"{BILLING},{name}", [f"{BILL.format(cost=1)},2"]))
    assert "more than once" in rejected(bills, "billing", capfd)


def test_names_of_the_contract_and_of_the_source_are_shown(make: Callable[..., Company]) -> None:
    company = of(make, "predictions", columns={"prediction_id": "Auftrag", "score": "Punkte"})
    company.put("inbox/a.csv", lines("Auftrag,decision,Decisions,notes", ["1,2,3,4"]))
    (refused,) = company.ingest("predictions").refused
    lacks, _, has = refused.reason.partition("it has ")
    for name in ("predicted_at", "system_id", "model_version", "Punkte"):
        assert repr(name) in lacks
    assert has.startswith("'Auftrag', 'decision' and 2 columns of other names")
    assert "notes" not in refused.reason


@pytest.mark.parametrize("form", ["otel_genai", "litellm_spend", "databricks_inference",
                                  "sagemaker_capture", "kserve_events", "table"])  # fmt: skip
def test_json_keys(
    make: Callable[..., Company], capfd: pytest.CaptureFixture[str], form: str
) -> None:
    columns = {"system_id": "=card-fraud", "decision": "=none", "model_version": "=1"}
    company = of(make, "predictions", format=form, columns=columns)
    record = {MAIL: PERSON, PERSON: {CARD: MAIL}, CARD: [MAIL]}
    company.put("inbox/a.jsonl", json.dumps(record) + "\n")
    reason = rejected(company, "predictions", capfd)
    assert "lacks" in reason or "3 keys" in reason


JSON_BILLS = {
    "cut": '{"data": [{"results": [{"' + MAIL + '": "' + PERSON,
    "no page": json.dumps({MAIL: [PERSON], "data": [CARD]}),
    "an invalid escape": '{"data": "\\' + MAIL + '"}',
    "results miscounted": json.dumps({"data": [{"results": [{MAIL: PERSON}]}]}),
    "keys of results": json.dumps(
        {"data": [{"results": [{"object": "organization.costs.result", MAIL: PERSON}]}]}
    ),
}


@pytest.mark.parametrize("kind", JSON_BILLS)
def test_json_documents(
    make: Callable[..., Company], capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    company = of(make, "billing", format="openai_costs")
    company.put("inbox/a.json", JSON_BILLS[kind] + "\n")
    rejected(company, "billing", capfd)


PARQUET = {
    "names": f"""1 as "{MAIL}", 2 as "{PERSON}", 3 as "{CARD}" """,
    "names close": f"""'1' as "prediction_id {MAIL}", 2 as "decision {CARD}" """,
    "a struct": f"""'1' as prediction_id, {{'{MAIL}': 1, '{PERSON}': '{CARD}'}} as predicted_at,
        'card-fraud' as system_id, '1' as model_version, 'x' as decision""",
    "a list of structs": f"""'1' as prediction_id, [{{'{MAIL}': 1}}] as predicted_at,
        'card-fraud' as system_id, '1' as model_version, 'x' as decision""",
}


@pytest.mark.parametrize("dataset", ["predictions", "billing"])
@pytest.mark.parametrize("kind", PARQUET)
def test_parquet(
    make: Callable[..., Company], capfd: pytest.CaptureFixture[str], kind: str, dataset: str
) -> None:
    company = of(make, dataset)
    file = company.put("inbox/a.parquet", "")
    company.con.execute(f"copy (select {PARQUET[kind]}) to '{file}' (format parquet)")
    rejected(company, dataset, capfd)


@pytest.mark.parametrize("form", ["otel_genai", "litellm_spend"])
def test_parquet_of_events(
    make: Callable[..., Company], capfd: pytest.CaptureFixture[str], form: str
) -> None:
    columns = {"system_id": "=card-fraud", "decision": "=none"}
    company = of(make, "predictions", format=form, columns=columns)
    file = company.put("inbox/a.parquet", "")
    company.con.execute(f"copy (select {PARQUET['names']}) to '{file}' (format parquet)")
    rejected(company, "predictions", capfd)


def test_corrupt_parquet(logs: Company, capfd: pytest.CaptureFixture[str]) -> None:
    file = logs.put("inbox/predictions/a.parquet", "")
    logs.con.execute(f"copy (select {PARQUET['names']} from range(9)) to '{file}' (format parquet)")
    body = file.read_bytes()
    file.write_bytes(body[:30] + SEEDED.encode() + body[30 + len(SEEDED) :])
    rejected(logs, "predictions", capfd)


MANIFESTS = {
    "no JSON": SEEDED,
    "a key": json.dumps({MAIL: 1, "rows": 99}),
    "rows": json.dumps({"rows": MAIL}),
    "rows, a card": json.dumps({"rows": int(CARD)}),
    "rows, a card as text": json.dumps({"rows": CARD}),
    "sha256": json.dumps({"sha256": PERSON}),
    "total": json.dumps({"total_billed_cost": MAIL}),
    "total, a card": json.dumps({"total_billed_cost": int(CARD)}),
    "total, a fraction": json.dumps({"total_billed_cost": float(f"0.{CARD}")}),
    "exported_at": json.dumps({"exported_at": MAIL}),
    "a list": json.dumps([MAIL, PERSON]),
    "an escape": '{"' + MAIL + '": "\\q"}',
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_manifest(bills: Company, capfd: pytest.CaptureFixture[str], kind: str) -> None:
    bills.put("inbox/billing/a.csv", lines(BILLING, [BILL.format(cost=1)]))
    bills.put("inbox/billing/a.csv.manifest.json", MANIFESTS[kind])
    assert "manifest" in rejected(bills, "billing", capfd)


ROWS = {
    "a time": {"predicted_at": MAIL},
    "a system": {"system_id": MAIL},
    "a decision": {"decision": MAIL},
    "a currency": {"currency": PERSON},
    "an amount": {"amount": MAIL},
    "a mode": {"serving_mode": PERSON},
    "a status": {"status": CARD},
    "tokens": {"input_tokens": PERSON},
    "a count too large": {"input_tokens": CARD * 3},
    "a score": {"score": MAIL},
    "a label too long": {"model_version": f"{PERSON} {CARD} " * 20},
    "a field too long": {"prediction_id": MAIL * (TWO_MB // 10)},
    "no id": {"prediction_id": "", "decision": MAIL},
}


@pytest.mark.parametrize("container", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("kind", ROWS)
def test_values_of_rows(
    logs: Company, capfd: pytest.CaptureFixture[str], kind: str, container: str
) -> None:
    record = {**FIELDS, **ROWS[kind]}
    name = f"inbox/predictions/a.{container}"
    if container == "csv":
        logs.put(name, lines(",".join(record), [",".join(record.values())]))
    elif container == "jsonl":
        logs.put(name, json.dumps(record) + "\n")
    else:
        file = logs.put(name, "")
        values = ", ".join(f"$v{i} as {key}" for i, key in enumerate(record))
        bound = {f"v{i}": value for i, value in enumerate(record.values())}
        logs.con.execute(f"copy (select {values}) to '{file}' (format parquet)", bound)
    if container == "parquet" and kind == "a field too long":
        pytest.skip("a Parquet value may be that long, and an id is kept as it is")
    reason = rejected(logs, "predictions", capfd)
    assert "rows cannot be used" in reason or (container, kind) == ("jsonl", "a field too long")


TEXTS: dict[str, bytes] = {
    "gzip with more behind it": gzip.compress(b"a,b\n", mtime=0) + SEEDED.encode(),
    "gzip of data": b"\x1f\x8b\x08\0" + SEEDED.encode(),
    "not UTF-8": SEEDED.encode() + b"\xff\n",
    "UTF-16": SEEDED.encode("utf-16-le"),
    "an archive": b"PK\x03\x04" + SEEDED.encode(),
    "a workbook of 1995": b"\xd0\xcf\x11\xe0" + SEEDED.encode(),
    "cut": (PREDICTIONS + "\n" + SEEDED).encode(),
    "a quote never closed": (PREDICTIONS + '\n"' + SEEDED + "\n").encode(),
    "broken quotes": lines(PREDICTIONS, [f'{MAIL}"{PERSON}",{CARD}']).encode(),
    "too many columns": lines(PREDICTIONS, [f"{SEEDED},{SEEDED}"]).encode(),
    "JSON cut": ('{"' + MAIL + '": "' + PERSON + "\n").encode(),
    "a JSON key twice": (f'{{"{MAIL}": 1, "{MAIL}": 2}}\n').encode(),
    "a JSON array": (json.dumps([{MAIL: PERSON}]) + "\n").encode(),
    "YAML": (f"---\n- {MAIL}\n- {PERSON}: {CARD}\n").encode(),
    "XML": (f"<a><b>{MAIL}</b><c>{PERSON} {CARD}</c></a>\n").encode(),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_files_that_are_no_table(
    logs: Company, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    logs.put("inbox/predictions/a", TEXTS[kind])
    rejected(logs, "predictions", capfd)


@pytest.mark.parametrize("container", ["csv", "jsonl", "parquet"])
def test_new_columns_are_counted(
    logs: Company, capfd: pytest.CaptureFixture[str], container: str
) -> None:
    record = {**FIELDS, MAIL: PERSON, CARD: MAIL}
    name = f"inbox/predictions/a.{container}"
    if container == "csv":
        logs.put(name, lines(",".join(record), [",".join(record.values())]))
    elif container == "jsonl":
        logs.put(name, json.dumps(record) + "\n")
    else:
        file = logs.put(name, "")
        values = ", ".join(f"'{value}' as \"{key}\"" for key, value in record.items())
        logs.con.execute(f"copy (select {values}) to '{file}' (format parquet)")
    (receipt,) = logs.ingest("predictions").receipts
    assert leaked(logs) == {}
    assert receipt.notes["unread_columns"] == 2


def test_a_guard_of_a_correction_quotes_no_value(
    make: Callable[..., Company], capfd: pytest.CaptureFixture[str]
) -> None:
    company = of(make, "operating_costs")
    company.put(
        "inbox/a.csv",
        lines(
            "entry_id,document_on,amount,currency,category,system_id,vendor",
            ["1,2026-10-05,7,USD,labour,card-fraud,none"],
        ),
    )
    company.put(
        "reference/corrections.yaml",
        "corrections:\n- id: vendor-name\n  dataset: operating_costs\n  match: {entry_id: 1}\n"
        f"  set: {{vendor: other}}\n  expect: {{vendor: {PERSON}}}\n"
        "  reason: wrong\n  owner: me\n  made_on: 2026-10-06\n",
    )
    reason = rejected(company, "operating_costs", capfd)
    assert "vendor" in reason


REPEATED = {
    "operating_costs": (
        "entry_id,document_on,amount,currency,category,system_id",
        "{seed},2026-10-05,{amount},USD,labour,card-fraud",
    ),
    "asset_events": ("asset_id,event_on,kind,amount", "{seed},2026-10-05,impairment,{amount}"),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dataset", REPEATED)
def test_a_key_that_is_repeated_with_other_values(
    make: Callable[..., Company], capfd: pytest.CaptureFixture[str], dataset: str, seed: str
) -> None:
    """A document's number is shown, a person or a card is not; the rows are."""
    header, row = REPEATED[dataset]
    company = make({"dataset": dataset, "path": "inbox/*"}, max_quarantined_share=0)
    rows = [row.format(seed=seed, amount=amount) for amount in ("7", CARD)]
    company.put("inbox/a.csv", lines(header, rows))
    rejected(company, dataset, capfd)


def test_the_currency_of_a_quarantined_row_is_not_published(make: Callable[..., Company]) -> None:
    from roi_pipeline.models.registry import load

    company = make({"dataset": "billing", "path": "inbox/*"}, max_quarantined_share=0.9)
    rows = [BILL.format(cost=1), BILL.format(cost=2).replace("USD", MAIL)]
    company.put("inbox/a.csv", lines(BILLING, rows))
    company.ingest("billing")
    found = company.rows(load()["quarantined_money"].query)
    assert [(row[3], row[4]) for row in found] == [("unknown", 2)]


def test_no_source_file_is_left_out() -> None:
    """Whoever adds a message that quotes a header, a key or a type reads this file first."""
    folder = Path(__file__).parent.parent.parent / "roi_pipeline" / "ingest"
    quoting = ("{header}", "listed(header", "{error})", "{error!r}", "{cell.type}", "{value!r}")
    found = [
        (file.name, quote)
        for file in folder.rglob("*.py")
        for quote in quoting
        if quote in file.read_text()
    ]
    assert found == []
