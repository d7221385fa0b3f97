# ruff: noqa: E501  one fault a line reads better than a wrapped one
"""Every check of every suite holds in a healthy company, and fails when what it names is broken."""

import json
from dataclasses import replace

import duckdb
import pytest

from roi_pipeline import quality

SUITES = quality.suites()

LOGS = ("predictions", "outcomes")
RECEIVED = (*LOGS, "billing", "operating_costs")
REFERENCE = (
    *("capex", "asset_events", "fx", "prices", "baselines", "terms", "allocation"),
    *("options", "cost_waivers"),
)
AHEAD = (
    *("economics_monthly", "degradation_monthly", "options_monthly", "projection_monthly"),
    *("sensitivity_monthly", "serving_mode_comparison_monthly"),
)
KEYED = [
    table
    for table, suite in SUITES.items()
    if any(check.name == "key_unique" for check in suite.checks)
]
HARDWARE = [
    ("asset_register_monthly", "schema", "alter table asset_register_monthly drop column proceeds"),
    (
        "asset_register_monthly",
        "exact",
        "alter table asset_register_monthly alter book_value type double",
    ),
    (
        "asset_register_monthly",
        "one_currency",
        "update asset_register_monthly set currency = 'EUR' where asset_id = 'gpu-2'",
    ),
    (
        "asset_register_monthly",
        "difference_is_zero",
        "update asset_register_monthly set difference = 0.01",
    ),
    (
        "asset_register_monthly",
        "difference_is_computed",
        "update asset_register_monthly set cost = cost + 0.01",
    ),
    (
        "asset_register_monthly",
        "book_value_left",
        "update asset_register_monthly set book_value = -0.01",
    ),
    (
        "asset_register_monthly",
        "charges_are_in_the_ledger",
        "update asset_register_monthly set depreciation = 0.01",
    ),
    ("facilities", "schema", "alter table facilities drop column pue"),
    (
        "facilities",
        "no_overlap",
        "update facilities set valid_to = '2026-07-01' where valid_to is not null",
    ),
    (
        "facilities",
        "no_gaps",
        "update facilities set valid_to = '2026-06-15' where valid_to is not null",
    ),
    ("facilities", "assets_located", "update capex set location = 'attic'"),
    ("edge_fleets", "schema", "alter table edge_fleets drop column devices"),
    (
        "edge_fleets",
        "no_overlap",
        "update edge_fleets set valid_to = '2026-07-01' where valid_to is not null",
    ),
    (
        "edge_fleets",
        "no_gaps",
        "update edge_fleets set valid_to = '2026-06-15' where valid_to is not null",
    ),
    ("edge_fleets", "systems_known", "update edge_fleets set system_id = 'weld-chek'"),
    ("edge_fleets", "saves_transfer", "update edge_fleets set edge_gb_per_device_day = 2"),
    ("asset_tax_yearly", "schema", "alter table asset_tax_yearly drop column basis"),
    (
        "asset_tax_yearly",
        "within_basis",
        "update asset_tax_yearly set deducted_so_far = basis + 0.01",
    ),
    ("asset_tax_yearly", "missing_has_reason", "update asset_tax_yearly set amount = null"),
]
EVERYWHERE = [
    *[(table, "schema", f"alter table {table} drop column {column}") for table, column in {
        "billing": "tags", "capex": "cost", "asset_events": "proceeds", "operating_costs": "avoidable",
        "predictions": "score", "outcomes": "shared_key", "fx": "delivery_id", "prices": "currency",
        "baselines": "value", "terms": "value", "allocation": "delivery_id", "outcome_cells": "arm",
        "ledger_monthly": "unit", "tco_monthly": "avoidable_amount",
        "value_attribution_monthly": "unit", "quality_monthly": "accuracy",
        "roi_monthly": "npv", "threshold_status_monthly": "as_of",
        "reconciliation_monthly": "quarantined", "dim_system": "owner", "options": "life_months",
        "status_transitions": "evidence_months", "status_reviews": "rationale",
        "roi_by_grade_monthly": "missing_reason", "economics_monthly": "price_error",
        "indirect_value_monthly": "method", "development_monthly": "gain_factor",
        "roi_by_mode_monthly": "net_accrual",
        "degradation_monthly": "half_life_months", "options_monthly": "assumptions",
        "projection_monthly": "draws", "sensitivity_monthly": "elasticity",
        "serving_mode_comparison_monthly": "is_movable",
    }.items()],
    *[(table, "key_unique", f"insert into {table} select * from {table}") for table in KEYED],
    *[(table, "share_quarantined", f"update deliveries set rows_quarantined = 60, rows_accepted = n - 59 where dataset = '{table}'") for table in (*RECEIVED, *REFERENCE)],
    *[(table, "rows_accounted", f"update deliveries set rows_read = rows_read + 1 where dataset = '{table}'") for table in (*RECEIVED, *REFERENCE)],
    *[(table, "not_empty", f"delete from {table} where true") for table in (*RECEIVED, "outcome_cells", "ledger_monthly", "tco_monthly", "value_attribution_monthly", "reconciliation_monthly")],
    *[(table, "rows_match_receipts", f"delete from {table} where row_no = 7") for table in (*LOGS, "billing")],
    *[(table, "volume_held", f"update delivery_months set rows = 0.4 * rows where month = '2026-10-01' and dataset = '{table}'") for table in RECEIVED],
    *[(table, "not_cut", f"update deliveries set format = 'csv' where dataset = '{table}'; update delivery_months set rows = 0.4 * rows where month = '2026-10-01' and dataset = '{table}'") for table in (*LOGS, "billing")],
    *[(table, "fresh", f"update delivery_months set last_at = '2026-10-20' where month = '2026-10-01' and dataset = '{table}'") for table in LOGS],
    *[(table, "exact", f"alter table {table} alter {column} type double") for table, column in {
        "ledger_monthly": "amount", "tco_monthly": "avoidable_amount",
        "value_attribution_monthly": "amount_low", "roi_monthly": "cumulative_net_cash",
        "reconciliation_monthly": "difference", "economics_monthly": "compute",
        "degradation_monthly": "value_lost_per_month", "options_monthly": "npv",
        "projection_monthly": "cumulative_net_p5", "sensitivity_monthly": "npv",
        "serving_mode_comparison_monthly": "value_lost",
    }.items()],
    *[(table, "finite", f"alter table {table} alter {column} type double; update {table} set {column} = '{number}'") for table, column, number in (
        ("ledger_monthly", "unit_price", "inf"), ("tco_monthly", "amount", "-inf"),
        ("value_attribution_monthly", "coverage", "nan"), ("quality_monthly", "accuracy", "nan"),
        ("roi_monthly", "incremental_roi", "inf"), ("threshold_status_monthly", "metric", "nan"),
        ("reconciliation_monthly", "difference", "nan"), ("economics_monthly", "unit_value", "inf"),
        ("degradation_monthly", "quality", "nan"), ("options_monthly", "probability_best", "nan"),
        ("projection_monthly", "expected_quality", "nan"), ("sensitivity_monthly", "input", "inf"),
        ("serving_mode_comparison_monthly", "cost_per_1k", "inf"),
        ("development_monthly", "gain_factor", "inf"),
    )],
    *[(table, "one_currency", f"update {table} set currency = 'EUR' where system_id = 'card-fraud'; update {table} set currency = 'JPY' where system_id <> 'card-fraud'") for table in ("tco_monthly", "roi_monthly", *AHEAD)],
    *[(table, "one_currency", f"update {table} set currency = 'EUR' where system_id = 'card-fraud'; update {table} set currency = 'JPY' where system_id <> 'card-fraud'") for table in ("tco_monthly", "roi_monthly")],
    *[(table, "one_currency", f"update {table} set currency = 'EUR' where {where}") for table, where in {"ledger_monthly": "side = 'cost'", "value_attribution_monthly": "view = 'cohort'"}.items()],
    *[(table, "systems_known", f"update {table} set {column} = 'card-fruad'") for table, column in {
        "capex": "system_id", "asset_events": "to_system_id", "operating_costs": "system_id",
        "predictions": "system_id", "prices": "system_id", "baselines": "system_id",
        "terms": "system_id", "allocation": "system_id", "ledger_monthly": "system_id", "options": "system_id",
    }.items()],
    *[(table, "allocation_known", f"update {table} set allocation_key = 'nobody'") for table in ("capex", "operating_costs")],
    *[(table, "no_overlap", f"update {table} set valid_to = '2026-07-01' where valid_to = '2026-06-30'") for table in ("prices", "allocation")],
    *[(table, "amounts_stated", f"update {table} set amount = null where system_id = 'unallocated'") for table in ("ledger_monthly", "tco_monthly")],
    *[(table, "equals_ledger", f"update {table} set amount = amount + 0.000000000000000001 where system_id = 'card-fraud'") for table in ("tco_monthly", "value_attribution_monthly")],
    *[(table, "total_is_sum", f"update {table} set {column} = {column} + 1 where system_id = 'portfolio'") for table, column in {"tco_monthly": "amount", "value_attribution_monthly": "amount", "roi_monthly": "tco_accrual"}.items()],
    *[(table, "systems_complete", f"delete from {table} where system_id = 'weld-check'") for table in ("roi_monthly", "threshold_status_monthly", "dim_system")],
    *[(table, "interval_in_order", f"update {table} set {column}_low = {column} + 1") for table, column in {"roi_monthly": "incremental_roi", "threshold_status_monthly": "metric"}.items()],
]  # fmt: skip
HERE = {
    "billing": {
        "money_matches_receipts": "update billing set billed_cost = 0.500000000000000001 where row_no = 1",
        "fresh": "delete from billing where charge_period_end > '2026-10-20'",
        "totals_positive": "update billing set billed_cost = -billed_cost",
    },
    "asset_events": {
        "assets_known": "delete from capex",
        "not_more_than_cost": "update asset_events set amount = 9001 where kind = 'impairment'",
    },
    "operating_costs": {"booked_once": "update operating_costs set vendor = 'one'"},
    "fx": {
        "no_jumps": """update fx set rate = 0.8 where "on" = '2026-10-15'""",
        "fresh": """delete from fx where "on" > '2026-10-20'""",
    },
    "prices": {"no_gaps": "update prices set valid_to = '2026-06-15' where valid_to is not null"},
    "baselines": {
        "measured_before": "update baselines set window_end = '2026-03-01'",
    },
    "terms": {
        "not_backdated": "update terms set approved_at = '2026-02-01 00:00:00Z'",
        "not_set_by_owner": "update terms set approved_by = ' Risk-Analytics'",
    },
    "allocation": {
        "shares_add_up": "update allocation set share = 0.49 where share = 0.5",
        "shares_or_driver": "update allocation set allocation_key = 'both', valid_from = '2026-07-01' where valid_to is null",
    },
    "outcome_cells": {
        "counts_positive": "update outcome_cells set predictions = 0 where decision = 'block'",
        "links_known": "update outcome_cells set link = 'lnked'",
        "counted_once": "insert into outcome_cells select * from outcome_cells where decision = 'block'",
        "same_as_usage": "update usage_cells set predictions = predictions - 1",
        "rarely_repeated": "update superseded_cells set predictions = 60",
        "rarely_impossible": "update outcome_cells set link = 'impossible' where decision = 'block'",
        "errors_rare": "update outcome_cells set status = 'error' where decision = 'block'",
        "decisions_vary": "update outcome_cells set decision = 'allow'",
        "outcomes_vary": "update outcome_cells set outcome = 'legit'",
        "decision_mix_held": "update outcome_cells set predictions = 500 where day = '2026-10-01'",
    },
    "ledger_monthly": {
        "sides_known": "update ledger_monthly set basis = 'accrual' where side = 'value'",
        "belongs_to_the_past": "update ledger_monthly set belongs_month = '2026-11-01'",
    },
    "tco_monthly": {"bases_known": "update tco_monthly set basis = 'amortised'"},
    "value_attribution_monthly": {
        "views_known": "update value_attribution_monthly set view = 'other'",
        "categories_known": "update value_attribution_monthly set category = 'other'",
        "grades_known": "update value_attribution_monthly set evidence_grade = 'E'",
        "coverage_a_share": "update value_attribution_monthly set coverage = 1.000001",
        "maturity_a_share": "update value_attribution_monthly set maturity = -0.000001",
        "counts_nest": "update value_attribution_monthly set linked = acted + 1",
        "bounds_in_order": "update value_attribution_monthly set amount_high = amount_low - 1",
    },
    "development_monthly": {
        "reason_when_missing": "update development_monthly set method = null",
    },
    "quality_monthly": {
        "cells_add_up": "update quality_monthly set tp = tp + 1",
        "counts_not_negative": "update quality_monthly set orphan_outcomes = -1",
        "orphans_rare": "update quality_monthly set orphan_outcomes = 100",
        "accuracy_a_share": "update quality_monthly set accuracy = 1.1",
        "precision_a_share": "update quality_monthly set precision = 1.1",
        "recall_a_share": "update quality_monthly set recall = -0.1",
        "ratios_from_counts": "update quality_monthly set recall = null",
        "accuracy_held": "update quality_monthly set accuracy = 0.91 where month = '2026-10-01'",
    },
    "roi_monthly": {
        "cost_stated": "update roi_monthly set tco_cash = null where system_id = 'weld-check'",
        "accrued_cost_stated": "update roi_monthly set tco_accrual = null where system_id = 'portfolio'",
        "net_is_value_less_cost": "update roi_monthly set net_cash = net_cash + 1",
        "sums_carry_on": "update roi_monthly set cumulative_net_accrual = 0 where month = '2026-09-01'",
        "cost_equals_tco": "update tco_monthly set amount = amount + 1 where system_id = 'portfolio'",
        "roi_with_cost": "update roi_monthly set roi_cumulative_cash = 1",
        "missing_has_reason": "update roi_monthly set missing_reason = null",
        "profit_adds_up": "update roi_monthly set capital_charge = 1.999999",
    },
    "threshold_status_monthly": {
        "statuses_known": "update threshold_status_monthly set status = 'fine'",
        "status_stated": "update threshold_status_monthly set status = null",
        "investment_states_known": "update threshold_status_monthly set investment_state = 'done'",
        "operating_states_known": "update threshold_status_monthly set operating_state = 'good'",
        "status_follows_states": "update threshold_status_monthly set operating_state = 'negative'",
        "missing_metric_has_reason": "update threshold_status_monthly set metric = null",
        "replayable": "update threshold_status_monthly set inputs_sha256 = null",
    },
    "status_transitions": {
        "something_changed": "update status_transitions set from_status = to_status, from_operating_state = to_operating_state",
        "grounds_stated": "update status_transitions set evidence_months = null",
        "same_as_status": "update threshold_status_monthly set rule_id = 'held'",
    },
    "status_reviews": {
        "states_known": "update status_reviews set state = 'done'",
        "decisions_signed": "update status_reviews set decided_by = null",
        "open_has_due_day": "update status_reviews set due_on = null",
        "on_time": "update status_reviews set is_overdue = true where state = 'open'",
    },
    "roi_by_mode_monthly": {
        "finite": "alter table roi_by_mode_monthly alter roi_cumulative_accrual type double; update roi_by_mode_monthly set roi_cumulative_accrual = 'nan'",
        "modes_add_up": "update roi_by_mode_monthly set value = value + 0.000000000000000001",
        "net_is_value_less_cost": "update roi_by_mode_monthly set net_accrual = net_accrual + 1",
        "missing_has_reason": "update roi_by_mode_monthly set roi_cumulative_accrual = null, missing_reason = null",
    },
    "roi_by_grade_monthly": {
        "finite": "alter table roi_by_grade_monthly alter roi_cumulative_cash_or_better type double; update roi_by_grade_monthly set roi_cumulative_cash_or_better = 'nan'",
        "grades_known": "update roi_by_grade_monthly set evidence_grade = 'E'",
        "grades_add_up": "update roi_by_grade_monthly set value = value + 0.000000000000000001",
        "missing_has_reason": "update roi_by_grade_monthly set roi_cumulative_cash_or_better = null, missing_reason = null",
    },
    "reconciliation_monthly": {
        "difference_is_zero": "update reconciliation_monthly set difference = 0.000000000000000001",
        "difference_is_computed": "update reconciliation_monthly set total_in = 101",
        "mostly_allocated": "update reconciliation_monthly set unallocated = 30, allocated = 70",
    },
    "indirect_value_monthly": {
        "missing_has_reason": "update indirect_value_monthly set missing_reason = null",
        "owned_and_bounded": "update indirect_value_monthly set confidence = 1.5",
    },
    "options": {"new_models_have_quality": "update options set expected_quality = null"},
    "economics_monthly": {
        "right_within_decisions": "update economics_monthly set right_decisions = 1001",
        "missing_has_reason": "update economics_monthly set is_evidence = false",
        "compute_within_avoidable": "update economics_monthly set compute = 301",
    },
    "degradation_monthly": {
        "quality_a_share": "update degradation_monthly set expected_quality = 1.1",
        "interval_in_order": "update degradation_monthly set crossing_in_months_low = 5",
        "laws_known": "update degradation_monthly set law = 'cubic'",
        "missing_has_reason": "update degradation_monthly set crossing_in_months = null",
    },
    "options_monthly": {
        "missing_has_reason": "update options_monthly set missing_reason = null",
        "ranked_by_worth": "update options_monthly set npv = 901 where option = 'keep'",
        "one_first_action": "update options_monthly set is_first_action = false where rank = 1",
        "probabilities_add_up": "update options_monthly set probability_best = 0.2 where rank = 2",
        "effects_add_up": "update options_monthly set cost_effect = 0",
        "causes_known": "update options_monthly set dominant_cause = 'weather'",
    },
    "projection_monthly": {
        "percentiles_in_order": "update projection_monthly set cumulative_net_p25 = 9",
        "probabilities_a_share": "update projection_monthly set probability_recovered = 0.95",
        "ahead_of_the_month": "update projection_monthly set horizon_month = month",
        "missing_has_reason": "update projection_monthly set cumulative_net_p50 = null",
    },
    "sensitivity_monthly": {
        "analyses_known": "update sensitivity_monthly set analysis = 'guess'",
        "probability_a_share": "update sensitivity_monthly set probability = 1.1",
        "seed_stored": "update sensitivity_monthly set seed = null",
        "missing_has_reason": "update sensitivity_monthly set breakeven_month = null",
        "net_rises_with_quality": "insert into sensitivity_monthly by name select month, system_id, "
        "'tornado' as analysis, 'quality' as parameter, s as scenario, n as net_value, currency "
        "from sensitivity_monthly, (values ('low', 2), ('high', 1)) as bar(s, n)",
    },
    "serving_mode_comparison_monthly": {
        "change_adds_up": "update serving_mode_comparison_monthly set net_change = 0",
        "assumptions_told": "update serving_mode_comparison_monthly set assumptions = null",
        "missing_has_reason": "update serving_mode_comparison_monthly set counterfactual_saving = null",
    },
    "cost_waivers": {
        "schema": "alter table cost_waivers drop column reason",
        "systems_known": "update cost_waivers set system_id = 'card-fruad'",
    },
    "unit_cost_monthly": {
        "schema": "alter table unit_cost_monthly drop column fixed_cost",
        "exact": "alter table unit_cost_monthly alter cost_accrual type double",
        "finite": "alter table unit_cost_monthly alter cost_per_1k_predictions type double; update unit_cost_monthly set cost_per_1k_predictions = 'inf'",
        "one_currency": "update unit_cost_monthly set currency = 'EUR' where system_id = 'card-fraud'",
        "equals_tco": "update unit_cost_monthly set cost_accrual = cost_accrual + 0.000000000000000001 where system_id = 'weld-check'",
        "parts_add_up": "update unit_cost_monthly set variable_cost = 0.000000000000000001",
        "missing_has_reason": "update unit_cost_monthly set missing_reason = null",
    },
    "tco_change_monthly": {
        "schema": "alter table tco_change_monthly drop column mix",
        "exact": "alter table tco_change_monthly alter mix type double",
        "finite": "alter table tco_change_monthly alter mix type double; update tco_change_monthly set mix = 'nan'",
        "one_currency": "update tco_change_monthly set currency = 'EUR' where system_id = 'card-fraud'",
        "parts_add_up": "update tco_change_monthly set price = price + 0.000000000000000001",
        "equals_tco": "update tco_change_monthly set after = after + 1, before = before + 1",
    },
    "cost_completeness_monthly": {
        "schema": "alter table cost_completeness_monthly drop column status",
        "statuses_known": "update cost_completeness_monthly set status = 'absent' where system_id = 'card-fraud'",
        "waived_has_reason": "update cost_completeness_monthly set reason = null",
        "none_missing": "update cost_completeness_monthly set status = 'missing' where system_id = 'card-fraud'",
    },
    "unallocated_monthly": {
        "schema": "alter table unallocated_monthly drop column service",
        "exact": "alter table unallocated_monthly alter amount type double",
        "finite": "alter table unallocated_monthly alter amount type double; update unallocated_monthly set amount = 'inf'",
        "one_currency": "update unallocated_monthly set currency = 'EUR' where basis = 'cash'",
        "reasons_known": "update unallocated_monthly set reason = 'other'",
        "equals_ledger": "update unallocated_monthly set amount = amount + 0.000000000000000001",
    },
    "spend_estimate_monthly": {
        "schema": "alter table spend_estimate_monthly drop column ratio",
        "exact": "alter table spend_estimate_monthly alter estimate type double",
        "finite": "alter table spend_estimate_monthly alter ratio type double; update spend_estimate_monthly set ratio = 'inf' where ratio is not null",
        "one_currency": "update spend_estimate_monthly set currency = 'EUR' where bill = 'aws'",
        "missing_has_reason": "update spend_estimate_monthly set missing_reason = null",
        "difference_is_computed": "update spend_estimate_monthly set billed = billed + 0.000000000000000001",
        "near_the_bill": "update spend_estimate_monthly set ratio = 1.26 where ratio is not null",
    },
    "dim_system": {
        "named": "update dim_system set name = null where system_id = 'unallocated'",
        "owned": "update dim_system set owner = null where system_id = 'weld-check'",
    },
}
FAULTS = [
    *EVERYWHERE,
    *HARDWARE,
    *((t, name, sql) for t, some in HERE.items() for name, sql in some.items()),
]


def only(table: str, name: str) -> quality.Suite:
    """A suite of one check, so that a test of it does not run the others."""
    suite = SUITES[table]
    kept = [one for one in suite.document["expectations"] if one["meta"]["name"] == name]
    (check,) = (check for check in suite.checks if check.name == name)
    return replace(suite, checks=(check,), document={**suite.document, "expectations": kept})


@pytest.mark.parametrize("table", SUITES)
def test_every_check_holds_in_a_healthy_company(
    table: str, world: duckdb.DuckDBPyConnection, october: dict[str, quality.Value]
) -> None:
    outcomes = quality.validate(world, table, table, october)
    assert [one.name for one in outcomes] == [check.name for check in SUITES[table].checks]
    assert [one for one in outcomes if not one.passed] == []


@pytest.mark.parametrize(
    ("table", "name", "fault"), FAULTS, ids=[f"{table}.{name}" for table, name, _ in FAULTS]
)
def test_a_check_fails_when_what_it_names_is_broken(
    table: str,
    name: str,
    fault: str,
    world: duckdb.DuckDBPyConnection,
    october: dict[str, quality.Value],
) -> None:
    world.execute(fault)
    (outcome,) = quality.validate(world, only(table, name), table, october)
    assert not outcome.passed
    assert outcome.error is None


def test_no_check_is_left_without_a_fault() -> None:
    tested = {(table, name) for table, name, _ in FAULTS}
    known = {(table, check.name) for table, suite in SUITES.items() for check in suite.checks}
    assert tested == known


@pytest.mark.parametrize("table", SUITES)
def test_great_expectations_loads_as_many_expectations_as_the_file_holds(table: str) -> None:
    from roi_pipeline import gx_duckdb

    document = SUITES[table].document
    loaded = gx_duckdb._load(json.loads(json.dumps(document)))
    assert len(loaded) == len(document["expectations"]) == len(SUITES[table].checks)
