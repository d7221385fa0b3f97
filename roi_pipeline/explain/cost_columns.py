"""Columns of the tables that say what a unit costs, why a cost changed, what is expected and what
is unallocated. Applies no formula."""

from collections.abc import Mapping

# Ratios: what is divided, by what, and for how many.
RATIOS: Mapping[str, tuple[str, str, int]] = {
    "cost_per_1k_predictions": ("cost_accrual", "predictions", 1000),
    "fixed_cost_per_1k_predictions": ("fixed_cost", "predictions", 1000),
    "marginal_cost_per_1k_predictions": ("variable_cost", "predictions", 1000),
    "cost_per_1m_tokens": ("cost_accrual", "tokens", 1_000_000),
    "cost_per_compute_hour": ("cost_accrual", "compute_seconds", 3600),
    "cost_per_successful_outcome": ("cost_accrual", "successful_outcomes", 1),
}
COST_TABLES: Mapping[str, tuple[str, ...]] = {
    "unit_cost_monthly": ("cost_accrual", "variable_cost", "fixed_cost", *RATIOS),
    "tco_change_monthly": (*("change", "before", "after", "price", "volume", "mix", "other"),),
    "cost_completeness_monthly": ("amount",),
    "unallocated_monthly": ("amount",),
}
