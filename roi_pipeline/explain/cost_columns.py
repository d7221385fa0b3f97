"""Columns of the tables that say what a unit costs, why a cost changed, what is expected and what
nobody claims: formula and the method's section. Applies none of them."""

from collections.abc import Mapping

UNIT_COST: Mapping[str, tuple[str, str]] = {
    "cost_accrual": ("the system's accrual, divided between its modes by split_by", "§1.7"),
    "variable_cost": ("the avoidable part of its bills, divided the same way", "§1.7"),
    "fixed_cost": ("cost_accrual - variable_cost", "§1.7"),
    "cost_per_1k_predictions": ("1000 x cost_accrual / predictions", "§1.7"),
    "fixed_cost_per_1k_predictions": ("1000 x fixed_cost / predictions", "§1.7"),
    "marginal_cost_per_1k_predictions": ("1000 x variable_cost / predictions", "§1.7"),
    "cost_per_1m_tokens": ("1,000,000 x cost_accrual / tokens", "§1.7"),
    "cost_per_compute_hour": ("3600 x cost_accrual / compute_seconds", "§1.7"),
    "cost_per_successful_outcome": ("cost_accrual / successful_outcomes", "§1.7"),
}
# Ratios: what is divided, by what, and for how many.
RATIOS: Mapping[str, tuple[str, str, int]] = {
    "cost_per_1k_predictions": ("cost_accrual", "predictions", 1000),
    "fixed_cost_per_1k_predictions": ("fixed_cost", "predictions", 1000),
    "marginal_cost_per_1k_predictions": ("variable_cost", "predictions", 1000),
    "cost_per_1m_tokens": ("cost_accrual", "tokens", 1_000_000),
    "cost_per_compute_hour": ("cost_accrual", "compute_seconds", 3600),
    "cost_per_successful_outcome": ("cost_accrual", "successful_outcomes", 1),
}
CHANGE: Mapping[str, tuple[str, str]] = {
    "change": ("after - before", "§7.2"),
    "before": ("accrual of the month before", "§1.3"),
    "after": ("accrual of the month", "§1.3"),
    "price": ("the new price of the units used now, less the old one", "§7.2"),
    "volume": ("more predictions, each as before", "§7.2"),
    "mix": ("more units a prediction, at the old price", "§7.2"),
    "other": ("the change of what has no units", "§7.2"),
}
COMPLETENESS: Mapping[str, tuple[str, str]] = {
    "amount": ("accrual of the category, or of the cost pool of that name", "§1.3"),
}
UNALLOCATED: Mapping[str, tuple[str, str]] = {
    "amount": ("delivered rows of this account and service that nobody claims", "§1.3"),
}
COST_TABLES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "unit_cost_monthly": UNIT_COST,
    "tco_change_monthly": CHANGE,
    "cost_completeness_monthly": COMPLETENESS,
    "unallocated_monthly": UNALLOCATED,
}
