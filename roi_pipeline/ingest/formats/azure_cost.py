"""Azure cost details of EA and MCA: actual and amortized exports, old and new spellings.

Decisions:
- Dates are month/day/year or ISO. A day/month file cannot pass: the end of its billing period has
  a month of 30 or 31.
- An actual and an amortized export have the same columns and most of the same money. They are two
  views: of two sources the actual one says `columns: {effective_cost: "=0"}` and the amortized one
  `columns: {billed_cost: "=0"}`. An amortized export that is read as a bill of its own is refused.
"""

from roi_pipeline.ingest.formats.declared import Bill, Fill
from roi_pipeline.ingest.formats.spelling import day_after, iso_day, month_after, month_of
from roi_pipeline.ingest.layout import Refusal

_DATE = "Date|UsageDateTime|UsageDate"
_COST = "CostInBillingCurrency|PreTaxCost|Cost"
_IS_COMMITTED = "lower({PricingModel}) in ('reservation', 'savingsplan')"
_UNUSED = "lower({ChargeType}) in ('unusedreservation', 'unusedsavingsplan')"
_USED = f"({_IS_COMMITTED}) and lower({{ChargeType}}) = 'usage'"
_START, _END = "{BillingPeriodStartDate}", "{BillingPeriodEndDate}"
_IS_TOKENS = "{MeterName} ilike '%token%'"

BILL = Bill(
    name="azure_cost",
    title="Azure cost details of EA and MCA, actual and amortized",
    marks=("MeterCategory", _COST, _DATE),
    fills=(
        Fill(
            "billing_account_id",
            "BillingAccountId|BillingAccountNumber",
        ),
        Fill("sub_account_id", "SubscriptionId|SubscriptionGuid"),
        Fill("invoice_id", "InvoiceId"),
        Fill(
            "billing_period_start",
            f"coalesce({iso_day(_START)}, {month_of('{' + _DATE + '}')})",
            filled="from the month of the day: the file has no billing period",
            when=f"{_START} is null",
        ),
        Fill(
            "billing_period_end",
            f"coalesce({day_after(_END)}, {month_after('{' + _DATE + '}')})",
            filled="from the day after BillingPeriodEndDate, or the month of the day without one",
            why="Azure's periods include their last day, FOCUS's end before it",
        ),
        Fill("charge_period_start", iso_day("{" + _DATE + "!}")),
        Fill(
            "charge_period_end",
            day_after("{" + _DATE + "!}"),
            filled="from the day after the day of the charge",
        ),
        Fill(
            "charge_category",
            f"coalesce(lower({{ChargeType}}), case when {{{_COST}!}} is not null then '' end)",
            words={
                **dict.fromkeys(("", "usage", "unusedreservation", "unusedsavingsplan"), "Usage"),
                "purchase": "Purchase",
                "tax": "Tax",
                **dict.fromkeys(("refund", "credit"), "Credit"),
            },
            otherwise="Adjustment",
            filled="Usage: the file has no charge type",
            when="{ChargeType} is null",
            why="from ChargeType; roundings and what Azure may invent are an Adjustment",
        ),
        Fill(
            "charge_class",
            "case when lower({ChargeType}) = 'refund' then 'Correction' end",
            filled="Correction: a refund corrects an earlier invoice",
            when="lower({ChargeType}) = 'refund'",
        ),
        Fill("charge_description", "ProductName|Product|MeterName"),
        Fill("billed_cost", _COST),
        Fill(
            "effective_cost",
            f"{{{_COST}!}}",
            filled="from the cost of the actual view: what was bought in advance is not spread",
            when=_IS_COMMITTED,
        ),
        Fill("billing_currency", "BillingCurrency|BillingCurrencyCode|Currency"),
        Fill("pricing_currency", "PricingCurrency|PricingCurrencyCode"),
        Fill(
            "consumed_quantity",
            f"case when {_IS_TOKENS} then {{Quantity|UsageQuantity|ConsumedQuantity}} end",
            why="of meters that count tokens",
        ),
        Fill(
            "consumed_unit",
            f"case when {_IS_TOKENS} and {{UnitOfMeasure}} not ilike '%token%' "
            f"then {{UnitOfMeasure}} || ' Tokens' when {_IS_TOKENS} then {{UnitOfMeasure}} end",
            filled="from UnitOfMeasure: the meter counts tokens",
            when=_IS_TOKENS,
            why="of meters that count tokens",
        ),
        Fill("pricing_quantity", "Quantity|UsageQuantity|ConsumedQuantity"),
        Fill("pricing_unit", "UnitOfMeasure"),
        Fill(
            "service_category",
            "case {ServiceFamily} when 'AI + Machine Learning' then 'AI and Machine Learning' "
            "else {ServiceFamily} end",
            why="Azure's service family, its AI family under the name FOCUS has for it",
        ),
        Fill("service_name", "MeterCategory"),
        Fill("sku_id", "MeterId"),
        Fill("sku_meter", "MeterName"),
        Fill("resource_id", "ResourceId|InstanceId|InstanceName"),
        Fill("region_id", "ResourceLocation|MeterRegion"),
        Fill("commitment_discount_id", "BenefitId|ReservationId"),
        Fill(
            "commitment_discount_category",
            "case lower({PricingModel}) when 'reservation' then 'Usage' "
            "when 'savingsplan' then 'Spend' end",
            filled="from PricingModel",
            when=_IS_COMMITTED,
        ),
        Fill(
            "commitment_discount_status",
            f"case when {_UNUSED} then 'Unused' when {_USED} then 'Used' end",
            filled="from ChargeType and PricingModel",
            when=f"({_UNUSED}) or ({_USED})",
        ),
        Fill("tags", "Tags", why="with or without braces"),
    ),
    refusals=(
        Refusal(
            "of an amortized export",
            "commitment_discount_status is not null and billed_cost <> 0",
            "it repeats the money of the actual export: deliver the two as two sources, the actual "
            "one with columns: {effective_cost: '=0'} and this one with columns: "
            "{billed_cost: '=0'}",
        ),
    ),
    export="Cost Management, Exports: “Cost and usage details (actual)” and “(amortized)”, daily "
    "export of month-to-date costs, CSV or Parquet, with file partitioning and overwriting. Where "
    "FOCUS is offered (“Cost and usage details (FOCUS)”), take that and `format: focus`: it holds "
    "both views in one file.",
    notes=(
        "**Two views of one bill.** The actual export says what is invoiced, the amortized one "
        "spreads reservations and savings plans over what used them; all other lines are in both. "
        'Deliver both as two sources: the actual one with `columns: {effective_cost: "=0"}`, the '
        'amortized one with `columns: {billed_cost: "=0"}`. Then cash comes from the first and '
        "accrual from the second, and nothing is added up twice. The actual export alone is a bill "
        "too: its purchases then count in full when they are made, and the row says so. An "
        "amortized export as a bill of its own is refused.",
        "Column names are matched without case and signs, and a translated header such as "
        "`Kosten (Cost)` by the English name in its brackets.",
        "An export with a header and no rows is a bill of nothing: it is ingested.",
    ),
    example="inbox/billing/azure/*/*.csv",
)
