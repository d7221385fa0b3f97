"""Bills in the formats of their providers become canonical rows, to the last digit."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from company import Company

from roi_pipeline.ingest import formats
from roi_pipeline.ingest.formats import focus
from roi_pipeline.ingest.inputs import BILLING
from roi_pipeline.portfolio import formats_of

Make = Callable[..., Company]


def company_of(make: Make, name: str, **source: object) -> Company:
    return make({"dataset": "billing", "path": "inbox/billing/*", "format": name, **source})


def totals(company: Company) -> list[Decimal]:
    (sums,) = company.rows("select sum(billed_cost), sum(effective_cost) from billing")
    return list(sums)


def by_hand(file: Path, *columns: str) -> Decimal:
    """The sum of a money column, with nothing of ours and nothing of DuckDB's."""
    content = file.read_bytes()
    text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return sum((Decimal(row[c] or "0") for row in rows for c in columns), Decimal(0))


def table(rows: list[dict[str, object]]) -> str:
    """A CSV whose header is the union of the rows' keys."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


LOADS = {  # format, money column, rows
    "focus_converters/sample-anonymous-aws-export-dataset.csv": (
        *("aws_cur", "lineItem/UnblendedCost", 1281),
    ),
    "koku/aws_2022-07-01-alt-columns.csv": ("aws_cur", "line_item_unblended_cost", 2),
    "focus_converters/sample-anonymous-ea-export-dataset.csv": (
        *("azure_cost", "CostInBillingCurrency", 27),
    ),
    "finops_toolkit/EA_ActualCost_Small.csv": ("azure_cost", "Cost", 11),
    "koku/azure_azure_camelCased.csv": ("azure_cost", "preTaxCost", 3),
    "koku/gcp_2022-08-01_5.csv": ("gcp_billing", "cost", 9),
    "focus_converters/reports_cost-csv_0000000030000269.csv": ("oci_cost", "cost/myCost", 506),
}
REFUSED = {  # format, why
    "koku/azure_azure_version_2.csv": ("azure_cost", "unknown billing_currency 5"),  # "MC"
    "koku/test_cur.csv.gz": ("aws_cur", "too few columns 19"),  # its header lacks a comma
    "finops_toolkit/EA_AmortizedCost_Small.csv": ("azure_cost", "28 rows are of an amortized"),
    "koku/azure_manifest.json": ("azure_cost", "the header lacks"),
}
ELSEWHERE = {  # files that other tests read
    "finops_toolkit/EA_NoRows.csv",
    "llm_api/openai_costs.json",
    "llm_api/openai_usage_completions.json",
    "focus_1_4_model.json",
    "focus_sample_1.0/focus_sample.csv",
}
NO_BILLS = {"iso_4217_currencies.json", "llm_api/litellm_model_prices_2025-08.json"}


def test_every_real_file_is_accounted_for(shared: Path) -> None:
    """What is in a folder of FOCUS examples is held by test_real_bills.py, file by file."""
    folder = shared / "data" / "billing"
    found = {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and not file.parent.name.startswith(("focus_spec_", "azure_focus_"))
    }
    assert found == {*LOADS, *REFUSED, *ELSEWHERE, *NO_BILLS}


@pytest.mark.parametrize("path", LOADS)
def test_a_real_bill_loads_to_its_sum(shared: Path, make: Make, path: str) -> None:
    name, money, rows = LOADS[path]
    file = shared / "data" / "billing" / path
    company = company_of(make, name)
    company.put("inbox/billing/a", file.read_bytes())
    (receipt,) = company.ingest("billing").receipts
    assert (receipt.rows_accepted, receipt.rows_quarantined) == (rows, 0)
    exact = by_hand(file, money)
    assert (receipt.money_total or Decimal(0)) + receipt.residue == exact
    assert totals(company)[0] == receipt.money_total


@pytest.mark.parametrize("path", REFUSED)
def test_a_real_file_is_refused_with_its_reason(shared: Path, make: Make, path: str) -> None:
    name, reason = REFUSED[path]
    company = company_of(make, name)
    company.put("inbox/billing/a", (shared / "data" / "billing" / path).read_bytes())
    report = company.ingest("billing")
    assert not report.receipts
    assert reason in report.refused[0].reason


def test_provider_samples_meet_their_oracles(shared: Path, make: Make, oracles: Path) -> None:
    known = json.loads((oracles / "billing.json").read_text())["provider_samples"]
    folder = shared / "data" / "billing"

    def read(name: str, path: str, query: str, **source: object) -> list[tuple[object, ...]]:
        company = company_of(make, name, **source)
        company.put("inbox/billing/a", (folder / path).read_bytes())
        assert not company.ingest("billing").refused
        return company.rows(query)

    by_category = "select charge_category, sum({}) from billing group by 1"
    aws = known["aws_cur_2023-11"]
    path = "focus_converters/sample-anonymous-aws-export-dataset.csv"
    assert dict(read("aws_cur", path, by_category.format("billed_cost"))) == {
        "Usage": Decimal(aws["usage"]),
        "Tax": Decimal(aws["tax"]),
    }
    line, interval = "x ->> 'identity/LineItemId'", "x ->> 'identity/TimeInterval'"
    query = f"select count(*), count(distinct {line}), count(distinct ({line}, {interval}))"
    assert read("aws_cur", path, f"{query} from billing") == [
        (aws["rows"], aws["distinct_line_item_id"], aws["distinct_line_item_id_plus_interval"])
    ]
    oci = known["oci_2023-11-13"]
    path = "focus_converters/reports_cost-csv_0000000030000269.csv"
    assert read("oci_cost", path, "select sum(billed_cost), count(*) from billing") == [
        (Decimal(oci["myCost"]), oci["rows"])
    ]
    actual = dict(
        read(
            "azure_cost",
            "finops_toolkit/EA_ActualCost_Small.csv",
            by_category.format("billed_cost"),
            columns={"effective_cost": "=0"},
        )
    )
    amortized = read(
        "azure_cost",
        "finops_toolkit/EA_AmortizedCost_Small.csv",
        "select sum(effective_cost), sum(billed_cost) from billing",
        columns={"billed_cost": "=0"},
    )
    rounded = Decimal(1).scaleb(-15)
    assert actual["Purchase"] == Decimal(known["ea_actual"]["purchase"])
    assert actual["Usage"].quantize(rounded) == Decimal(known["ea_actual"]["usage"])
    assert amortized[0][0].quantize(rounded) == Decimal(known["ea_amortized"]["usage"])
    assert amortized[0][1] == 0


def test_an_export_without_rows_is_a_bill_of_nothing(shared: Path, make: Make) -> None:
    company = company_of(make, "azure_cost")
    file = shared / "data" / "billing" / "finops_toolkit" / "EA_NoRows.csv"
    company.put("inbox/billing/a.csv", file.read_bytes())
    (receipt,) = company.ingest("billing").receipts
    assert (receipt.rows_read, receipt.rows_accepted, receipt.months) == (0, 0, ())


CUR = {
    "bill/PayerAccountId": "000123",
    "bill/BillingPeriodStartDate": "2026-10-01T00:00:00Z",
    "bill/BillingPeriodEndDate": "2026-11-01T00:00:00Z",
    "lineItem/UsageStartDate": "2026-10-05T00:00:00Z",
    "lineItem/UsageEndDate": "2026-10-05T01:00:00Z",
    "lineItem/CurrencyCode": "EUR",
    "lineItem/ProductCode": "AmazonEC2",
    "reservation/EffectiveCost": "",
    "reservation/ReservationARN": "",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "",
    "reservation/UnusedRecurringFee": "",
    "savingsPlan/SavingsPlanARN": "",
    "savingsPlan/SavingsPlanEffectiveCost": "",
    "savingsPlan/TotalCommitmentToDate": "",
    "savingsPlan/UsedCommitment": "",
    "resourceTags/user:Name": "",
    "resourceTags/user:name": "",
}
ARN, PLAN = {"reservation/ReservationARN": "arn:ri"}, {"savingsPlan/SavingsPlanARN": "arn:sp"}
CUR_LINES = [  # type, unblended, what else; category, effective, status
    ("Usage", "10.00", {"resourceTags/user:Name": "a"}, "Usage", "10.00", None),
    ("DiscountedUsage", "0", {**ARN, "reservation/EffectiveCost": "0.6"}, "Usage", "0.6", "Used"),
    ("Fee", "120", ARN, "Purchase", "0", None),
    (
        *("RIFee", "7"),
        {**ARN, "reservation/UnusedRecurringFee": "1.5"},
        *("Purchase", "1.5", "Unused"),
    ),
    (
        *("SavingsPlanCoveredUsage", "4.2"),
        {**PLAN, "savingsPlan/SavingsPlanEffectiveCost": "3.1"},
        *("Usage", "3.1", "Used"),
    ),
    ("SavingsPlanNegation", "-4.2", PLAN, "Usage", "0", None),
    (
        *("SavingsPlanRecurringFee", "5"),
        {**PLAN, "savingsPlan/TotalCommitmentToDate": "5", "savingsPlan/UsedCommitment": "3.1"},
        *("Purchase", "1.9", "Unused"),
    ),
    ("SavingsPlanUpfrontFee", "50", PLAN, "Purchase", "0", None),
    ("Tax", "1.10", {}, "Tax", "1.10", None),
    ("Credit", "-2", {}, "Credit", "-2", None),
    ("Refund", "-3", {}, "Credit", "-3", None),
    ("EdpDiscount", "-0.5", {}, "Adjustment", "-0.5", None),
]


@pytest.mark.parametrize("spelling", ["slashes", "underscores"])
def test_aws_lines_are_billed_unblended_and_effective_amortised(make: Make, spelling: str) -> None:
    rows = [
        {**CUR, "lineItem/LineItemType": kind, "lineItem/UnblendedCost": cost, **more}
        for kind, cost, more, *_ in CUR_LINES
    ]
    body = table(rows)
    if spelling == "underscores":
        header, rest = body.split("\n", 1)
        names = (
            "".join(f"_{c.lower()}" if c.isupper() else c for c in n) for n in header.split(",")
        )
        body = ",".join(n.replace("/_", "_").replace("/", "_") for n in names) + "\n" + rest
    company = company_of(make, "aws_cur")
    company.put("inbox/billing/a.csv", body)
    assert not company.ingest("billing").refused
    found = company.rows(
        """select charge_category, effective_cost, commitment_discount_status, billed_cost,
            billing_account_id from billing order by row_no"""
    )
    assert found == [
        (category, Decimal(effective), status, Decimal(cost), "000123")
        for _, cost, _, category, effective, status in CUR_LINES
    ]
    classes = company.rows("select x ->> 'x_filled' from billing where charge_class = 'Correction'")
    assert "charge_class Correction: a refund" in classes[0][0]
    filled = company.rows(
        "select x ->> 'x_filled' from billing where charge_category = 'Adjustment'"
    )
    assert "charge_category Adjustment" in filled[0][0]
    assert company.value("select tags::varchar from billing where row_no = 1").count("a") >= 1


REFUNDS = [  # what is refunded, whether it is a commitment's fee, what else
    ("Refund for one-time fee for Savings Plan ID: sp-0a1b", True, {}),
    ("Refund for One-Time Fee for Savings Plan ID: sp-0a1b", True, PLAN),
    ("Refund for recurring fee for Savings Plan ID: sp-0a1b", True, {}),
    ("Sign up charge for subscription: 363836886, planId: 1026576", True, {}),
    ("Refund of the upfront fee, Reserved Instance", True, {}),
    ("USD 0.0309 hourly fee per Linux/UNIX, m4.large instance", True, ARN),
    ("USD 0.0309 hourly fee per Linux/UNIX, m4.large instance", False, {}),
    ("Enterprise discount true-up", False, PLAN),
    ("Discount on the one-time fee for Savings Plan ID: sp-0a1b", False, {}),
    ("Refund of usage, m4.large", False, ARN),
    ("Refund of a monthly fee, support", False, {}),
    ("", False, PLAN),
]


@pytest.mark.parametrize("product", ["ComputeSavingsPlans", "MachineLearningSavingsPlans"])
@pytest.mark.parametrize(("said", "is_fee", "more"), REFUNDS)
def test_a_refunded_fee_costs_nothing_in_accrual_and_other_refunds_keep_their_cost(
    make: Make, said: str, is_fee: bool, more: dict[str, str], product: str
) -> None:
    line = {**CUR, "lineItem/LineItemType": "Refund", "lineItem/UnblendedCost": "-120"}
    line |= {"lineItem/ProductCode": product, "lineItem/LineItemDescription": said, **more}
    company = company_of(make, "aws_cur")
    company.put("inbox/billing/a.csv", table([line]))
    assert not company.ingest("billing").refused
    assert totals(company) == [-120, 0 if is_fee else -120]
    filled = company.value("select x ->> 'x_filled' from billing")
    assert ("effective_cost from the amortised cost" in filled) is is_fee


def test_cur_2_reads_its_maps(make: Make) -> None:
    company = company_of(make, "aws_cur")
    file = company.put("inbox/billing/a.parquet", b"")
    with duckdb.connect() as con:
        con.execute(
            f"""copy (select '007' as bill_payer_account_id, 'USD' as line_item_currency_code,
                timestamp '2026-10-01' as bill_billing_period_start_date,
                timestamp '2026-11-01' as bill_billing_period_end_date,
                timestamp '2026-10-01' as line_item_usage_start_date,
                timestamp '2026-10-02' as line_item_usage_end_date,
                'Usage' as line_item_line_item_type, 4.9e-7::double as line_item_unblended_cost,
                map {{'user_system': 'card-fraud'}} as resource_tags,
                map {{'region': 'eu-west-1'}} as product) to '{file}'"""
        )
    assert not company.ingest("billing").refused
    assert company.rows(
        """select billing_account_id, billed_cost, effective_cost, tags ->> 'user_system',
            x ->> '$.product.region' from billing"""
    ) == [("007", Decimal("4.9E-7"), Decimal("4.9E-7"), "card-fraud", "eu-west-1")]


AZURE = {
    "BillingAccountId": "0086",
    "BillingPeriodStartDate": "10/01/2026",
    "BillingPeriodEndDate": "10/31/2026",
    "Date": "10/5/2026",
    "MeterCategory": "Virtual Machines",
    "BillingCurrency": "EUR",
    "ServiceFamily": "AI + Machine Learning",
    "Tags": '"env": "prod"',
}


def azure(kind: str, cost: str, model: str = "OnDemand", **more: object) -> dict[str, object]:
    return {**AZURE, "ChargeType": kind, "Cost": cost, "PricingModel": model, **more}


ACTUAL = [azure("Usage", "5"), azure("Purchase", "36", "Reservation"), azure("Refund", "-1")]
AMORTIZED = [
    *(azure("Usage", "5"), azure("Usage", "2", "Reservation"), azure("Refund", "-1")),
    azure("UnusedReservation", "1", "Reservation"),
]


def test_the_two_views_of_azure_are_never_added_up(make: Make) -> None:
    source = {"dataset": "billing", "format": "azure_cost"}
    company = make(
        {**source, "path": "inbox/actual/*", "id": "actual", "columns": {"effective_cost": "=0"}},
        {
            **source,
            "path": "inbox/amortized/*",
            "id": "amortized",
            "columns": {"billed_cost": "=0"},
        },
    )
    company.put("inbox/actual/a.csv", table(ACTUAL))
    company.put("inbox/amortized/a.csv", table(AMORTIZED))
    assert not company.ingest("billing").refused
    assert totals(company) == [40, 7]
    found = company.rows(
        """select distinct service_category, billing_period_end::varchar, tags ->> 'env',
            charge_period_start::varchar, charge_period_end::varchar from billing"""
    )
    assert found == [
        (
            *("AI and Machine Learning", "2026-11-01 00:00:00", "prod"),
            *("2026-10-05 00:00:00", "2026-10-06 00:00:00"),
        )
    ]
    status = company.rows(
        """select commitment_discount_status, sum(effective_cost) from billing
        where commitment_discount_status is not null group by 1 order by 1"""
    )
    assert status == [("Unused", 1), ("Used", 2)]
    alone = company_of(make, "azure_cost")
    alone.put("inbox/billing/a.csv", table(AMORTIZED))
    reason = alone.ingest("billing").refused[0].reason
    assert "2 of 4 rows are of an amortized export" in reason
    assert "{billed_cost: '=0'}" in reason
    lonely = company_of(make, "azure_cost")
    lonely.put("inbox/billing/a.csv", table(ACTUAL))
    lonely.ingest("billing")
    assert totals(lonely) == [40, 40]
    filled = "select x ->> 'x_filled' from billing where charge_category = 'Purchase'"
    assert "effective_cost from the cost of the actual view" in lonely.value(filled)


def test_azure_headers_in_german_and_days_first_dates(make: Make) -> None:
    german = {"Cost": "Kosten (Cost)", "Date": "Datum (Date)", "Tags": "Tags"}
    rows = [{german.get(key, key): value for key, value in row.items()} for row in ACTUAL]
    company = company_of(make, "azure_cost")
    company.put("inbox/billing/a.csv", "\ufeff" + table(rows))
    assert not company.ingest("billing").refused
    assert totals(company) == [40, 40]
    days_first = [{**row, "BillingPeriodEndDate": "31/10/2026"} for row in ACTUAL]
    company.put("inbox/billing/b.csv", table(days_first))
    assert "bad billing_period_end 3" in company.ingest("billing").refused[0].reason


GCP_CREDITS = [
    {"name": "Sustained use", "amount": -0.1, "type": "SUSTAINED_USAGE_DISCOUNT"},
    {"name": "it's free", "amount": -2.5e-07, "type": "FREE_TIER"},
]
GCP = {
    "billing_account_id": "01AB",
    "service": {"id": "6F81", "description": "Vertex AI"},
    "sku": {"id": "S-1", "description": "GPU"},
    "usage_start_time": "2026-10-31 23:00:00 UTC",
    "usage_end_time": "2026-11-01 00:00:00 UTC",
    "project": {"id": "fraud-prod"},
    "labels": [{"key": "system", "value": "card-fraud"}, {"key": "team", "value": "risk"}],
    "cost": 1.000001,
    "currency": "JPY",
    "usage": {"amount": 3600.0, "unit": "seconds"},
    "credits": GCP_CREDITS,
    "invoice": {"month": "202610"},
    "cost_type": "regular",
    "export_time": "2026-11-02 00:00:00 UTC",
}


def flat(row: dict[str, object]) -> dict[str, object]:
    """A row as a script flattens it: dots for fields, Python's spelling for lists."""
    found: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            found |= {f"{key}.{inner}": one for inner, one in value.items()}
        else:
            found[key] = value
    return {k: v.replace(" UTC", "+00:00") if isinstance(v, str) else v for k, v in found.items()}


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_gcp_costs_are_net_of_their_credits(make: Make, kind: str) -> None:
    nested = json.loads(json.dumps(GCP).replace(" UTC", "+00:00"))
    rows = [nested, {**nested, "credits": [], "labels": [], "cost_type": "tax"}]
    company = company_of(make, "gcp_billing")
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    file = company.put(f"inbox/billing/a.{kind}", table([flat(row) for row in rows]))
    if kind == "jsonl":
        file.write_text(lines)
    if kind == "parquet":
        source = company.put("rows.jsonl", lines)
        with duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'")
            query = f"select * from read_json('{source}', format = 'newline_delimited')"
            con.execute(f"copy ({query}) to '{file}' (format parquet)")
    report = company.ingest("billing")
    assert not report.refused, report.refused[0].reason
    found = company.rows(
        """select billed_cost, effective_cost, charge_category, tags ->> 'system', tags ->> 'team',
            sub_account_id, service_category, billing_currency, billing_period_start::date::varchar,
            billing_period_end::date::varchar, charge_period_start::varchar
        from billing order by row_no"""
    )
    net, gross = Decimal("0.90000075"), Decimal("1.000001")
    same = ("fraud-prod", "AI and Machine Learning", "JPY", "2026-10-01", "2026-11-01")
    start = ("2026-10-31 23:00:00",)
    assert found == [
        (net, net, "Usage", "card-fraud", "risk", *same, *start),
        (gross, gross, "Tax", None, None, *same, *start),
    ]
    kept = company.rows("select x ->> 'credits', x ->> 'x_filled' from billing order by row_no")
    assert "FREE_TIER" in kept[0][0]
    assert "billed_cost from cost + credits" in kept[0][1]
    assert "billed_cost from cost" not in kept[1][1]


def test_a_gcp_credit_that_cannot_be_read_puts_its_row_aside(make: Make) -> None:
    rows = [{**flat(GCP), "credits": "[{'amount': -1}, {'amount': None}]"}]
    company = company_of(make, "gcp_billing")
    company.put("inbox/billing/a.csv", table(rows))
    assert "missing billed_cost 1" in company.ingest("billing").refused[0].reason


def test_oci_corrections_refer_back(make: Make) -> None:
    row = {
        "lineItem/referenceNo": "n1",
        "lineItem/tenantId": "t",
        "lineItem/intervalUsageStart": "2026-10-31T23:00Z",
        "lineItem/intervalUsageEnd": "2026-11-01T00:00Z",
        "product/service": "COMPUTE",
        "cost/myCost": "2.5E-9",
        "cost/currencyCode": "EUR",
        "lineItem/isCorrection": "false",
        "lineItem/backreferenceNo": "",
        "tags/Team.a.b": "x",
        "tags/Team\\ab": "",
    }
    correction = {"lineItem/isCorrection": "true", "lineItem/backreferenceNo": "n1"}
    company = company_of(make, "oci_cost", mechanism="append")
    company.put(
        "inbox/billing/a.csv", table([row, {**row, **correction, "cost/myCost": "-2.5E-9"}])
    )
    assert not company.ingest("billing").refused
    assert company.rows(
        """select billed_cost, charge_class, x ->> 'lineItem/backreferenceNo', tags::varchar,
            billing_period_end::date::varchar from billing order by row_no"""
    ) == [
        (Decimal("2.5E-9"), None, None, '{"Team.a.b":"x"}', "2026-11-01"),
        (Decimal("-2.5E-9"), "Correction", "n1", '{"Team.a.b":"x"}', "2026-11-01"),
    ]


def test_openai_costs_and_usage_of_a_real_organization(
    shared: Path, make: Make, oracles: Path
) -> None:
    known = json.loads((oracles / "billing.json").read_text())["provider_samples"]["openai_usage"]
    folder = shared / "data" / "billing" / "llm_api"
    costs = company_of(make, "openai_costs")
    costs.put("inbox/billing/a.json", (folder / "openai_costs.json").read_bytes())
    costs.ingest("billing")
    assert totals(costs) == [Decimal("0.06")] * 2
    assert costs.rows("select billing_currency, charge_period_start::varchar from billing") == [
        ("USD", "2024-11-01 00:00:00")
    ]
    usage = company_of(make, "openai_costs")
    usage.put("inbox/billing/a.json", (folder / "openai_usage_completions.json").read_bytes())
    (receipt,) = usage.ingest("billing").receipts
    assert (receipt.rows_accepted, receipt.money_total) == (known["buckets"] - 1, 0)
    found = usage.rows(
        """select sum((x ->> 'input_tokens')::bigint), sum((x ->> 'output_tokens')::bigint),
            sum((x ->> 'num_model_requests')::bigint), sum(consumed_quantity),
            min(charge_period_start)::varchar, count(*) filter (
                contains(x ->> 'x_filled', 'billed_cost 0: a usage page has no money'))
        from billing"""
    )
    tokens = known["input_tokens"], known["output_tokens"]
    assert found == [(*tokens, known["requests"], sum(tokens), "2025-01-11 17:31:00", 12)]


def openai(*results: dict[str, object]) -> dict[str, object]:
    kind = {"object": "organization.costs.result"}
    bucket = {"start_time": 1790812800, "end_time": 1790899200}
    return {"data": [{**bucket, "results": [{**kind, **result} for result in results]}]}


def test_openai_pages_keep_every_digit(make: Make) -> None:
    page = json.dumps(
        openai({"amount": {"value": 1, "currency": "usd"}, "line_item": "gpt-5, input"})
    )
    body = page.replace('"value": 1', '"value": 0.1234567890123456789') + "\n" + page
    company = company_of(make, "openai_costs")
    company.put("inbox/billing/a.json", body)
    (receipt,) = company.ingest("billing").receipts
    assert totals(company)[0] == Decimal("1.123456789012345679")
    assert receipt.residue == Decimal("-1E-19")
    model = "select distinct sku_price_details ->> 'ModelId' from billing"
    assert company.rows(model) == [("gpt-5",)]
    company.put("inbox/billing/b.json", body[:-3])
    assert "is not whole JSON" in company.ingest("billing").refused[0].reason
    company.put("inbox/billing/b.json", '{"error": {"message": "no key"}}')
    assert "is no answer of the API" in company.ingest("billing").refused[0].reason


def test_anthropic_amounts_are_cents(make: Make, oracles: Path) -> None:
    known = json.loads((oracles / "billing.json").read_text())["anthropic_cost_report"]
    result = {
        "amount": known["amount"],
        "currency": known["currency"],
        "description": "Claude usage - input tokens",
        "model": "claude",
        "token_type": "uncached_input_tokens",
        "workspace_id": "w-1",
    }
    bucket = {"starting_at": "2026-10-31T00:00:00Z", "ending_at": "2026-11-01T00:00:00Z"}
    page = {"data": [{**bucket, "results": [result]}, {**bucket, "results": []}]}
    company = company_of(make, "anthropic_cost")
    company.put("inbox/billing/a.json", json.dumps(page))
    assert not company.ingest("billing").refused
    assert company.rows(
        """select billed_cost, sku_price_details ->> 'ModelId', billing_period_end::date::varchar,
            contains(x ->> 'x_filled', 'billed_cost from amount / 100') from billing"""
    ) == [(Decimal(known["means_usd"]), "claude", "2026-11-01", True)]
    yen = {"data": [{**bucket, "results": [{**result, "currency": "JPY"}]}]}
    company.put("inbox/billing/b.json", json.dumps(yen))
    assert "in another currency than USD" in company.ingest("billing").refused[0].reason


SAMPLES = {
    "aws_cur": table([{**CUR, "lineItem/LineItemType": "Usage", "lineItem/UnblendedCost": "1"}]),
    "azure_cost": table(ACTUAL),
    "gcp_billing": table([flat(GCP)]),
    "openai_costs": json.dumps(openai({"amount": {"value": 1, "currency": "usd"}}), indent=1),
}


@pytest.mark.parametrize("is_really", SAMPLES)
@pytest.mark.parametrize("is_called", ["focus", "oci_cost"])
def test_a_wrong_format_is_named_with_its_remedy(
    make: Make, is_really: str, is_called: str
) -> None:
    company = company_of(make, is_called)
    company.put("inbox/billing/a", SAMPLES[is_really])
    reason = company.ingest("billing").refused[0].reason
    assert f"looks like {is_really} and not like {is_called}: write format: {is_really}" in reason
    assert "source billing in portfolio.yaml" in reason


def test_every_format_of_the_contract_has_its_adapter_and_no_other() -> None:
    assert tuple(bill.name for bill in formats.BILLS) == formats_of("billing")
    required = {column.name for column in BILLING.columns if column.required}
    for bill in formats.BILLS:
        filled = [fill.column for fill in bill.fills]
        assert required <= set(filled) <= set(BILLING.names), bill.name
        assert len(filled) == len(set(filled)), bill.name


def test_canonical_columns_are_those_of_the_focus_1_4_model(shared: Path) -> None:
    model = json.loads((shared / "data" / "billing" / "focus_1_4_model.json").read_text())
    columns = model["datasets"]["Cost and Usage"]["columns"]
    spoken = {name.lower(): name for name in columns}
    kinds = {
        "String": {"VARCHAR"},
        "JSON": {"JSON", "VARCHAR"},
        "Decimal": {"DECIMAL(38,18)"},
        "Date/Time": {"TIMESTAMP"},
    }
    for column in BILLING.columns:
        if column.name != "x":
            found = columns[spoken[column.name.replace("_", "")]]
            assert column.type in kinds[found["data_type"]], column.name
            assert not (column.required and found["allows_nulls"]), column.name
    for version in ("1.1", "1.2", "1.3", "1.4"):
        for name in (name for name, one in columns.items() if one["version"] == version):
            if name.lower() in {one for _, names in focus._APPEARED for one in names}:
                assert focus.version((name,)) == version, name


@pytest.mark.parametrize("view", ["actualcost", "amortizedcost", "focuscost_1.0", "focuscost_1.2"])
def test_azure_export_schemas_have_the_columns_that_are_read(shared: Path, view: str) -> None:
    folder = shared / "data" / "billing" / "azure_focus_schemas"
    files = sorted(folder.glob(f"{view}*.json"))
    assert files
    name = "focus" if view.startswith("focus") else "azure_cost"
    (bill,) = (bill for bill in formats.BILLS if bill.name == name)
    for file in files:
        mappings = json.loads(file.read_text())["translator"]["mappings"]
        header = [one["source"].get("name") or one["source"]["path"] for one in mappings]
        assert bill.is_like(header), file.name
        assert formats.likely_formats(header, file) == [name]
