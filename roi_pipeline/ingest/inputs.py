"""The contracts of what lands in an inbox (contracts §2): bills, assets, costs, logs, rates."""

from roi_pipeline.ingest.columns import (
    CHARGE,
    DAY,
    FLAG,
    INSTANT,
    JSON,
    MEASURE,
    MONEY,
    REAL,
    SHARE,
    TEXT,
    WHOLE,
    Column,
    Contract,
    Rule,
    at_least_zero,
    currency,
    label,
    one_of,
    required,
    share,
    text,
)

_CLAIMED = Rule(
    "no system_id or allocation_key", "system_id is not null or allocation_key is not null"
)

# A billing period is a month wherever its provider lives: 14 hours are the widest zone east of
# UTC, so a period that starts at local midnight lands in the month its provider names.
_BILLING_MONTH = (
    "billing_month",
    DAY,
    "date_trunc('month', billing_period_start + interval 14 hours)::date",
)

BILLING = Contract(
    dataset="billing",
    columns=(
        text("billing_account_id"),
        text("sub_account_id"),
        text("invoice_id"),
        required(Column("billing_period_start", INSTANT)),
        required(Column("billing_period_end", INSTANT)),
        required(Column("charge_period_start", INSTANT)),
        required(Column("charge_period_end", INSTANT)),
        required(text("charge_category")),
        text("charge_class"),
        text("charge_description"),
        required(Column("billed_cost", CHARGE)),
        required(Column("effective_cost", CHARGE)),
        Column("list_cost", CHARGE),
        Column("contracted_cost", CHARGE),
        required(currency("billing_currency")),
        text("pricing_currency"),
        Column("consumed_quantity", CHARGE),
        text("consumed_unit"),
        Column("pricing_quantity", CHARGE),
        text("pricing_unit"),
        text("service_category"),
        text("service_name"),
        text("sku_id"),
        text("sku_meter"),
        text("sku_price_details"),
        text("resource_id"),
        text("region_id"),
        text("commitment_discount_id"),
        text("commitment_discount_category"),
        text("commitment_discount_status"),
        Column("tags", JSON),
        Column("x", JSON),
    ),
    time="billing_period_start",
    money="billed_cost",
    rules=(
        Rule("billing period ends before it starts", "billing_period_end > billing_period_start"),
        Rule("charge period ends before it starts", "charge_period_end >= charge_period_start"),
    ),
    derived=(_BILLING_MONTH,),
)

_MACRS_YEARS = Rule("macrs_years without a table", "macrs_years in (3, 5, 7, 10, 15, 20)")

CAPEX = Contract(
    dataset="capex",
    columns=(
        required(label("asset_id")),
        text("description"),
        label("asset_class"),
        required(Column("acquired_on", DAY)),
        required(Column("in_service_on", DAY)),
        required(at_least_zero("cost", MONEY)),
        required(currency()),
        at_least_zero("salvage_value", MONEY, default="0"),
        required(
            Column("life_months", WHOLE, rule=Rule("life_months below 1", "life_months >= 1"))
        ),
        label("method", default="straight_line"),
        label("proration", default="month"),
        label("system_id"),
        label("allocation_key"),
        label("cost_class", default="capex"),
        label("category"),
        Column("disposed_on", DAY),
        at_least_zero("disposal_proceeds", MONEY),
        at_least_zero("power_kw", MEASURE),
        label("location"),
        at_least_zero("accelerators", WHOLE),
        at_least_zero("life_units", MONEY),
        one_of("usage_unit", "predictions", "tokens", "compute_seconds"),
        Column("macrs_years", WHOLE, rule=_MACRS_YEARS),
    ),
    key=("asset_id",),
    repeated="supersede",
    is_ledger=True,
    money="cost",
    rules=(
        _CLAIMED,
        Rule("salvage_value above cost", "salvage_value <= cost"),
        Rule("disposed before acquired", "disposed_on >= acquired_on"),
        Rule(
            "units of production without life_units and usage_unit",
            "method <> 'units_of_production' or (life_units > 0 and usage_unit is not null)",
        ),
    ),
)

ASSET_EVENTS = Contract(
    dataset="asset_events",
    columns=(
        required(label("asset_id")),
        required(Column("event_on", DAY)),
        required(one_of("kind", "impairment", "improvement", "partial_disposal", "transfer")),
        required(at_least_zero("amount", MONEY)),
        at_least_zero("proceeds", MONEY),
        label("to_system_id"),
        label("to_allocation_key"),
    ),
    key=("asset_id", "event_on", "kind"),
    repeated="supersede",
    is_ledger=True,
    time="event_on",
    money="amount",
    rules=(
        Rule(
            "transfer without to_system_id or to_allocation_key, or with both",
            "kind <> 'transfer' or (to_system_id is null) <> (to_allocation_key is null)",
        ),
    ),
)

OPERATING_COSTS = Contract(
    dataset="operating_costs",
    columns=(
        Column("entry_id", TEXT, required=True, is_line=True),
        required(Column("document_on", DAY)),
        Column("service_start", DAY),
        Column("service_end", DAY),
        required(Column("amount", MONEY)),
        required(currency()),
        required(label("category")),
        label("system_id"),
        label("allocation_key"),
        text("vendor"),
        text("description"),
        label("location"),
        label("cost_class", default="opex"),
        Column("avoidable", FLAG, default="true"),
        Column("committed_until", DAY),
    ),
    key=("entry_id",),
    repeated="supersede",
    is_ledger=True,
    time="document_on",
    money="amount",
    rules=(_CLAIMED, Rule("service ends before it starts", "service_end >= service_start")),
)

PREDICTIONS = Contract(
    dataset="predictions",
    columns=(
        Column("prediction_id", TEXT, required=True, is_id=True),
        required(Column("predicted_at", INSTANT)),
        required(label("system_id")),
        required(label("model_version")),
        required(label("decision")),
        one_of("serving_mode", "realtime", "batch", "edge"),
        Column("entity_id", TEXT, pii=True),
        label("predicted_label"),
        Column("score", REAL),
        Column("amount", MEASURE),
        currency(),
        share("propensity", REAL),
        one_of("arm", "treatment", "control"),
        at_least_zero("latency_ms", REAL),
        at_least_zero("input_tokens", WHOLE),
        at_least_zero("output_tokens", WHOLE),
        at_least_zero("cached_tokens", WHOLE),
        at_least_zero("compute_seconds", MEASURE),
        at_least_zero("weight", MEASURE, default="1"),
        one_of("status", "ok", "error", "pending", default="ok"),
    ),
    key=("prediction_id",),
    time="predicted_at",
    money="amount",
)

OUTCOMES = Contract(
    dataset="outcomes",
    columns=(
        Column("prediction_id", TEXT, required=True, is_id=True),
        required(Column("observed_at", INSTANT)),
        required(label("outcome")),
        label("outcome_type", default="primary"),
        Column("amount", MEASURE),
        currency(),
        Column("quantity", MEASURE),
        label("unit"),
        text("shared_key"),
        label("source"),
    ),
    key=("prediction_id", "outcome_type"),
    time="observed_at",
    money="amount",
)

FX = Contract(
    dataset="fx",
    columns=(
        required(Column("on", DAY)),
        required(currency()),
        required(Column("rate", SHARE, rule=Rule("rate not above 0", "rate > 0"))),
        required(currency("base")),
    ),
    key=("on", "currency", "base"),
    repeated="supersede",
    time="on",
)

INPUTS = (BILLING, CAPEX, ASSET_EVENTS, OPERATING_COSTS, PREDICTIONS, OUTCOMES, FX)
