"""The tables about months to come: what tells their rows apart, and which columns are numbers."""

from collections.abc import Mapping

from roi_pipeline.marts.choices import OPTIONS
from roi_pipeline.marts.projections import PROJECTION
from roi_pipeline.marts.scenarios import SENSITIVITY
from roi_pipeline.marts.wear import DEGRADATION

KEYS: Mapping[str, tuple[str, ...]] = {
    "degradation_monthly": ("model_version",),
    "options_monthly": ("option",),
    "projection_monthly": ("horizon_month",),
    "sensitivity_monthly": ("analysis", "parameter", "scenario"),
}
FIRST: Mapping[str, str] = {  # what is meant where no column is named
    "degradation_monthly": "expected_quality",
    "options_monthly": "npv",
    "projection_monthly": "cumulative_net_p50",
    "sensitivity_monthly": "npv",
    "economics_monthly": "value",
    "serving_mode_comparison_monthly": "value",
}
_SCHEMAS = (DEGRADATION, OPTIONS, PROJECTION, SENSITIVITY)
_SAID = ("month", "system_id", "currency", "missing_reason", "assumptions", "source_document")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{
        table: tuple(column for column in schema if column not in (*_SAID, *keys))
        for (table, keys), schema in zip(KEYS.items(), _SCHEMAS, strict=True)
    },
    "economics_monthly": ("value", "avoidable", "compute", "cumulative_net"),
    "serving_mode_comparison_monthly": (
        *("value", "cost", "cost_per_1k", "value_per_1k", "counterfactual_saving"),
        *("value_lost", "deferred_value", "deferral_cost", "net_change"),
    ),
}
