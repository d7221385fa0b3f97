"""The contracts of the small dated tables that people edit (contracts §2, reference/).

Two rows with one key are a mistake of the person who edits, not a delivery of the same thing
twice, so they are refused rather than resolved.
"""

from roi_pipeline.ingest.columns import (
    DAY,
    FLAG,
    INSTANT,
    PRICE,
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

_IN_FORCE = Rule("valid_to before valid_from", "valid_to >= valid_from")

PRICES = Contract(
    dataset="prices",
    columns=(
        required(label("system_id")),
        required(label("driver")),
        required(label("unit")),
        required(Column("unit_price", PRICE)),
        required(currency()),
        required(Column("valid_from", DAY)),
        Column("valid_to", DAY),
        at_least_zero("standard_error", PRICE),
        required(text("source_document")),
    ),
    key=("system_id", "driver", "unit", "valid_from"),
    repeated="refuse",
    rules=(_IN_FORCE,),
)

BASELINES = Contract(
    dataset="baselines",
    columns=(
        required(label("system_id")),
        required(label("version")),
        required(label("metric")),
        required(Column("value", PRICE)),
        required(label("unit")),
        at_least_zero("n", WHOLE),
        at_least_zero("standard_error", PRICE),
        required(Column("window_start", DAY)),
        required(Column("window_end", DAY)),
        required(text("source_document")),
    ),
    key=("system_id", "version", "metric"),
    repeated="refuse",
    rules=(Rule("window_end before window_start", "window_end >= window_start"),),
)

TERMS = Contract(
    dataset="terms",
    columns=(
        required(label("system_id")),
        required(label("term")),
        required(label("value")),
        label("unit"),
        required(Column("valid_from", DAY)),
        required(label("version")),
        required(text("approved_by")),
        required(Column("approved_at", INSTANT)),
        text("document"),
        text("sha256"),
    ),
    key=("system_id", "term", "valid_from", "version"),
    repeated="refuse",
    rules=(
        Rule(
            "back-dated: valid_from lies in a month that had ended at approved_at",
            "last_day(valid_from) >= cast(approved_at as date)",
            "nobody sets a threshold after the fact: give it a valid_from in the month of its "
            "approval or later",
        ),
    ),
)

ALLOCATION = Contract(
    dataset="allocation",
    columns=(
        required(label("allocation_key")),
        required(label("system_id")),
        share("share"),
        one_of("driver", "predictions", "tokens", "compute_seconds"),
        required(Column("valid_from", DAY)),
        Column("valid_to", DAY),
    ),
    key=("allocation_key", "system_id", "valid_from"),
    repeated="refuse",
    rules=(
        Rule("neither share nor driver, or both", "(share is null) <> (driver is null)"),
        _IN_FORCE,
    ),
)

COST_CATEGORIES = Contract(
    dataset="cost_categories",
    columns=(
        required(Column("rule_order", WHOLE)),
        required(one_of("dataset", "billing", "capex", "operating_costs")),
        required(label("match_column")),
        text("match_key"),
        required(one_of("match_op", "equals", "glob", "regex")),
        required(text("match_value")),
        label("system_id"),
        label("allocation_key"),
        label("category"),
        label("cost_class"),
        label("regulatory_category"),
        label("cost_pool"),
        Column("valid_from", DAY),
    ),
)

MODEL_VERSIONS = Contract(
    dataset="model_versions",
    columns=(
        required(label("system_id")),
        required(label("model_version")),
        required(Column("deployed_on", DAY)),
        Column("retired_on", DAY),
        required(Column("rollback_possible", FLAG)),
        Column("metric_at_launch", PRICE),
    ),
    key=("system_id", "model_version", "deployed_on"),
    repeated="refuse",
    rules=(Rule("retired_on before deployed_on", "retired_on >= deployed_on"),),
)

REVIEWS = Contract(
    dataset="reviews",
    columns=(
        required(label("system_id")),
        required(Column("decided_on", DAY)),
        required(label("kind")),
        required(one_of("decision", "continue", "retrain", "rollback", "replace", "decommission")),
        required(text("decided_by")),
        required(text("rationale")),
    ),
)

OPTIONS = Contract(
    dataset="options",
    columns=(
        required(label("system_id")),
        required(label("option")),  # retrain, replace, decommission, renegotiate, or any other name
        required(at_least_zero("one_off_cost", PRICE)),
        Column("monthly_cost_change", PRICE),
        share("expected_quality", PRICE),
        at_least_zero("standard_error", PRICE),
        at_least_zero("salvage_value", PRICE),
        Column("life_months", WHOLE, rule=Rule("life_months not above 0", "life_months > 0")),
        required(currency()),
        required(Column("valid_from", DAY)),
        required(text("source_document")),
    ),
    key=("system_id", "option", "valid_from"),
    repeated="refuse",
)

FACILITIES = Contract(
    dataset="facilities",
    columns=(
        required(label("location")),
        required(Column("pue", PRICE, rule=Rule("pue below 1", "pue >= 1"))),
        at_least_zero("energy_price_per_kwh", PRICE),
        at_least_zero("facility_price_per_kw_month", PRICE),
        required(currency()),
        required(Column("valid_from", DAY)),
        Column("valid_to", DAY),
        required(text("source_document")),
    ),
    key=("location", "valid_from"),
    repeated="refuse",
    rules=(_IN_FORCE,),
)

EDGE_FLEETS = Contract(
    dataset="edge_fleets",
    columns=(
        required(label("system_id")),
        required(at_least_zero("devices", WHOLE)),
        required(at_least_zero("central_gb_per_device_day", PRICE)),
        required(at_least_zero("edge_gb_per_device_day", PRICE)),
        at_least_zero("update_gb_per_device_month", PRICE, default="0"),
        required(at_least_zero("price_per_gb", PRICE)),
        required(currency()),
        required(Column("valid_from", DAY)),
        Column("valid_to", DAY),
        required(text("source_document")),
    ),
    key=("system_id", "valid_from"),
    repeated="refuse",
    rules=(_IN_FORCE,),
)

INDIRECT_VALUES = Contract(
    dataset="indirect_values",
    columns=(
        required(label("system_id")),
        required(label("driver")),
        Column("monthly_amount", PRICE),
        currency(),
        share("confidence"),
        required(text("method")),
        required(label("owner")),
        required(Column("valid_from", DAY)),
        Column("valid_to", DAY),
        text("source_document"),
    ),
    key=("system_id", "driver", "valid_from"),
    repeated="refuse",
    rules=(
        Rule(
            "an amount without currency and confidence",
            "monthly_amount is null or (currency is not null and confidence is not null)",
        ),
        _IN_FORCE,
    ),
)

# A cost a system is known not to have; without a line its absence is a failed check.
COST_WAIVERS = Contract(
    dataset="cost_waivers",
    columns=(
        required(label("system_id")),
        required(label("category")),
        required(label("reason")),
        required(text("approved_by")),
        required(Column("valid_from", DAY)),
        Column("valid_to", DAY),
    ),
    key=("system_id", "category", "valid_from"),
    repeated="refuse",
    rules=(_IN_FORCE,),
)

REFERENCE = (
    *(PRICES, BASELINES, TERMS, ALLOCATION, COST_CATEGORIES, COST_WAIVERS),
    *(MODEL_VERSIONS, REVIEWS, OPTIONS, FACILITIES, EDGE_FLEETS, INDIRECT_VALUES),
)
