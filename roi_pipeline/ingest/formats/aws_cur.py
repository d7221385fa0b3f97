"""AWS Cost and Usage Reports: legacy with slashes, with underscores, and CUR 2.0.

Decisions:
- `billed_cost` is the unblended cost of every line. Net columns stay in `x`: the discounts that
  they contain are lines of their own, so adding both would count them twice.
- `effective_cost` is AWS's amortised cost, by type of line: what a reservation or savings plan
  really cost the hour it covered, the unused rest on the fee's own line, and nothing on the lines
  that only pay in advance or negate.
- A refund of a fee, as of a savings plan that is returned, names no plan but in its description; it
  costs nothing in accrual, as the fee does. Refunds of usage and of discounts keep their cost.
- Line item ids repeat, so a line is its file and row.
"""

from roi_pipeline.ingest.formats.declared import Bill, Fill
from roi_pipeline.ingest.formats.spelling import EXACT, number

_TYPE = "{lineItem/LineItemType}"
_UNBLENDED = "{lineItem/UnblendedCost!}"
_RI_UNUSED = (
    "coalesce({reservation/UnusedAmortizedUpfrontFeeForBillingPeriod}, '0')",
    "coalesce({reservation/UnusedRecurringFee}, '0')",
)
_SP_UNUSED = "{savingsPlan/TotalCommitmentToDate}", "{savingsPlan/UsedCommitment}"
_HAS_RI = "{reservation/ReservationARN} <> ''"
_SAID = "lower(coalesce({lineItem/LineItemDescription}, ''))"
_FEE = "(one[ -]?time|up-?front|recurring|monthly|hourly|commitment) (fee|charge|payment)"
_SIGN_UP = "sign[ -]?up charge for subscription"
_FEE_REFUND = (
    f"{_TYPE} = 'Refund' and not contains({_SAID}, 'discount') "
    f"and (regexp_matches({_SAID}, '{_SIGN_UP}') or (regexp_matches({_SAID}, '{_FEE}') and "
    f"(regexp_matches({_SAID}, 'savings ?plan|reserved|reservation') or {_HAS_RI} "
    "or {savingsPlan/SavingsPlanARN} <> '')))"
)
_EFFECTIVE = f"""case
    when {_TYPE} = 'SavingsPlanCoveredUsage' then {number("{savingsPlan/SavingsPlanEffectiveCost}")}
    when {_TYPE} = 'SavingsPlanRecurringFee'
        then {number(_SP_UNUSED[0])} - {number(_SP_UNUSED[1])}
    when {_TYPE} in ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') then 0
    when {_TYPE} = 'DiscountedUsage' then {number("{reservation/EffectiveCost}")}
    when {_TYPE} = 'RIFee' then {number(_RI_UNUSED[0])} + {number(_RI_UNUSED[1])}
    when {_TYPE} = 'Fee' and {_HAS_RI} then 0
    when {_FEE_REFUND} then 0
    else {number(_UNBLENDED)} end"""
_AMORTISED = (
    f"{_TYPE} in ('SavingsPlanCoveredUsage', 'SavingsPlanRecurringFee', 'SavingsPlanNegation', "
    f"'SavingsPlanUpfrontFee', 'DiscountedUsage', 'RIFee') or ({_TYPE} = 'Fee' and {_HAS_RI}) "
    f"or ({_FEE_REFUND})"
)
_CATEGORIES = {
    **dict.fromkeys(
        ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation"), "Usage"
    ),
    **dict.fromkeys(
        ("Fee", "RIFee", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee"), "Purchase"
    ),
    "Tax": "Tax",
    **dict.fromkeys(("Credit", "Refund"), "Credit"),
}
_KNOWN = ", ".join(f"'{name}'" for name in _CATEGORIES)
_SERVICES = {
    **dict.fromkeys(("AmazonBedrock", "AmazonSageMaker"), "AI and Machine Learning"),
    **dict.fromkeys(("AmazonEC2", "AWSLambda", "AmazonECS", "AmazonEKS"), "Compute"),
    **dict.fromkeys(("AmazonS3", "AmazonEFS", "AmazonFSx"), "Storage"),
    **dict.fromkeys(("AmazonVPC", "AmazonCloudFront", "AWSDirectConnect", "AWSELB"), "Networking"),
    **dict.fromkeys(("AmazonRDS", "AmazonDynamoDB", "AmazonElastiCache"), "Databases"),
    **dict.fromkeys(
        ("AmazonCloudWatch", "AWSCloudTrail", "AWSConfig"), "Management and Governance"
    ),
    **dict.fromkeys(("AWSGlue", "AmazonAthena", "AmazonKinesis", "AmazonRedshift"), "Analytics"),
}
_IS_BEDROCK = "{product/ProductName} ilike '%(Amazon Bedrock Edition)%'"
_IS_MARKET_TOKENS = (
    "({lineItem/UsageType} like '%MP:%TokenCount%' "
    "and coalesce(lower({pricing/unit}), '') in ('', 'unit', 'units'))"
)

BILL = Bill(
    name="aws_cur",
    title="AWS Cost and Usage Report: legacy (slashes or underscores) and CUR 2.0",
    marks=("lineItem/UnblendedCost", "bill/PayerAccountId"),
    tags_below=("resourceTags/", "resource_tags_"),
    fills=(
        Fill("billing_account_id", "bill/PayerAccountId"),
        Fill("sub_account_id", "lineItem/UsageAccountId"),
        Fill("invoice_id", "bill/InvoiceId", why="empty while the month is open"),
        Fill("billing_period_start", "bill/BillingPeriodStartDate"),
        Fill("billing_period_end", "bill/BillingPeriodEndDate"),
        Fill("charge_period_start", "lineItem/UsageStartDate"),
        Fill("charge_period_end", "lineItem/UsageEndDate"),
        Fill(
            "charge_category",
            "lineItem/LineItemType",
            words=_CATEGORIES,
            otherwise="Adjustment",
            filled="Adjustment: a line item type without a category of FOCUS",
            when=f"{_TYPE} not in ({_KNOWN})",
            why="discounts and types that AWS may invent are an Adjustment",
        ),
        Fill(
            "charge_class",
            "case when {bill/BillType} = 'Refund' or {lineItem/LineItemType} = 'Refund' "
            "then 'Correction' end",
            filled="Correction: a refund corrects an earlier invoice",
            when="{bill/BillType} = 'Refund' or {lineItem/LineItemType} = 'Refund'",
        ),
        Fill("charge_description", "lineItem/LineItemDescription"),
        Fill("billed_cost", "lineItem/UnblendedCost"),
        Fill(
            "effective_cost",
            _EFFECTIVE,
            type=EXACT,
            filled="from the amortised cost of its reservation or savings plan",
            when=_AMORTISED,
            why="unblended cost, but for lines of reservations and savings plans; their refunded "
            "fees cost nothing, as the fees do",
        ),
        Fill("list_cost", "pricing/publicOnDemandCost"),
        Fill("billing_currency", "lineItem/CurrencyCode"),
        Fill("pricing_currency", "pricing/currency"),
        Fill("consumed_quantity", "lineItem/UsageAmount"),
        Fill(
            "consumed_unit",
            f"case when {_IS_MARKET_TOKENS} then '1M tokens' else {{pricing/unit}} end",
            filled="1M tokens: a marketplace unit of a model's tokens",
            when=_IS_MARKET_TOKENS,
            why="a marketplace unit of a model's tokens is a million",
        ),
        Fill(
            "service_category",
            f"case when {_IS_BEDROCK} then 'AmazonBedrock' else {{lineItem/ProductCode}} end",
            words=_SERVICES,
            filled="from lineItem/ProductCode",
            when=f"{_IS_BEDROCK} or {{lineItem/ProductCode}} in ("
            + ", ".join(f"'{name}'" for name in _SERVICES)
            + ")",
            why="CUR has no category; services that are not in the list have none, but models that "
            "Bedrock sells through the marketplace are AI",
        ),
        Fill("service_name", "product/ProductName|lineItem/ProductCode"),
        Fill("sku_id", "product/sku"),
        Fill("sku_meter", "lineItem/UsageType"),
        Fill("resource_id", "lineItem/ResourceId"),
        Fill("region_id", "product/regionCode|product/region"),
        Fill(
            "commitment_discount_id",
            "coalesce(nullif({savingsPlan/SavingsPlanARN}, ''), "
            "nullif({reservation/ReservationARN}, ''), "
            "nullif({reservation/SubscriptionId}, ''))",
            why="whichever the line has",
        ),
        Fill(
            "commitment_discount_category",
            f"case when {_TYPE} like 'SavingsPlan%' then 'Spend' "
            f"when {_TYPE} in ('DiscountedUsage', 'RIFee') or {_HAS_RI} then 'Usage' end",
            filled="from lineItem/LineItemType",
            when=f"{_TYPE} like 'SavingsPlan%' or {_TYPE} in ('DiscountedUsage', 'RIFee') "
            f"or {_HAS_RI}",
        ),
        Fill(
            "commitment_discount_status",
            f"case when {_TYPE} in ('DiscountedUsage', 'SavingsPlanCoveredUsage') then 'Used' "
            f"when {_TYPE} in ('RIFee', 'SavingsPlanRecurringFee') and ({_EFFECTIVE}) <> 0 "
            "then 'Unused' end",
            filled="from lineItem/LineItemType",
            when=f"{_TYPE} in ('DiscountedUsage', 'SavingsPlanCoveredUsage', 'RIFee', "
            "'SavingsPlanRecurringFee')",
            why="the fee's line carries the cost of what was not used",
        ),
        Fill("tags", "resource_tags", why="or the columns resourceTags/…, one tag each"),
    ),
    export="Billing and Cost Management, Data Exports: a standard export (CUR 2.0) or a legacy "
    "CUR, daily or hourly, with resource ids, as Parquet or gzip CSV, overwriting its files. Let "
    "the path of the source choose one folder a billing period.",
    notes=(
        "Billed cost is the unblended cost of every line, so it adds up to the invoice: savings "
        "plan usage and its negation cancel each other, and discounts are lines of their own. The "
        "net columns hold those discounts a second time; they stay in `x`.",
        "Line item ids repeat in AWS's own files. A line is its file and row number.",
    ),
    example="inbox/billing/aws/*/*.csv.gz",
)
