-- Two months (September, October 2026) of two systems in which every check holds.
create table systems as from (values
    ('card-fraud', 'Card fraud scoring', 'risk-analytics', date '2025-11-01', date '2026-01-01'),
    ('weld-check', 'Weld inspection', 'plant-2', date '2026-02-01', date '2026-05-01')
) as t(system_id, name, owner, invested_on, live_on);
create table dim_system as select system_id, name, owner from systems
    union all select 'unallocated', 'Claimed by nobody', null;

create table deliveries as
    select
        dataset || '-' || month as delivery_id, dataset, dataset as source_id, 'parquet' as format,
        cast(null as timestamptz) as exported_at, n + 1 as rows_read, n as rows_accepted,
        1 as rows_quarantined, 0 as rows_superseded, n, month
    from (values
        ('billing', date '2026-09-01', 200), ('billing', date '2026-10-01', 200),
        ('predictions', date '2026-09-01', 2020), ('predictions', date '2026-10-01', 2020),
        ('outcomes', date '2026-09-01', 1500), ('outcomes', date '2026-10-01', 1500),
        ('operating_costs', date '2026-09-01', 100), ('operating_costs', date '2026-10-01', 100),
        ('capex', null, 200), ('asset_events', null, 200), ('fx', null, 200), ('prices', null, 200),
        ('baselines', null, 200), ('terms', null, 200), ('allocation', null, 200), ('options', null, 200), ('cost_waivers', null, 200)
    ) as t(dataset, month, n);
update deliveries set delivery_id = dataset where delivery_id is null;
create table delivery_months as
    select
        dataset, delivery_id, month, n as rows,
        cast(case when dataset = 'billing' then n * 0.5 end as decimal(38, 18)) as amount,
        cast(month as timestamp) as first_at,
        month + interval 1 month - interval 1 hour as last_at, true as is_live
    from deliveries;

create table billing as
    select
        'billing' as source_id, 'billing-' || month as delivery_id, i as row_no,
        cast(month as timestamp) as billing_period_start, month + interval 1 month as billing_period_end,
        month + to_days(cast(i % 30 as integer)) as charge_period_start,
        month + to_days(cast(i % 30 + 1 as integer)) as charge_period_end,
        cast(0.5 as decimal(38, 18)) as billed_cost, cast(0.5 as decimal(38, 18)) as effective_cost,
        'USD' as billing_currency, 'alice@example.com' as tags
    from range(1, 201) as t(i), (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table operating_costs as
    select
        'e' || month || i as entry_id, month as document_on, cast(1.5 as decimal(38, 12)) as amount,
        'USD' as currency, 'licence' as category, 'card-fraud' as system_id,
        cast(null as varchar) as allocation_key, 'vendor ' || i as vendor,
        'alice@example.com' as description, 'operating_costs-' || month as delivery_id, i as row_no
    from range(1, 101) as t(i), (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table capex as from (values
    ('gpu-1', cast(9000 as decimal(38, 12)), 'USD', 'card-fraud', null),
    ('gpu-2', cast(5000 as decimal(38, 12)), 'USD', null, 'platform')
) as t(asset_id, cost, currency, system_id, allocation_key);
create table asset_events as from (values
    ('gpu-1', date '2026-06-01', 'impairment', cast(1000 as decimal(38, 12)), cast(null as varchar)),
    ('gpu-1', date '2026-07-01', 'transfer', cast(0 as decimal(38, 12)), 'weld-check')
) as t(asset_id, event_on, kind, amount, to_system_id);
create table fx as
    select cast(d as date) as "on", 'EUR' as base, 'USD' as currency,
        cast(1.1 + 0.001 * day(d) as decimal(28, 9)) as rate
    from range(timestamp '2026-09-01', timestamp '2026-11-01', interval 1 day) as t(d);
create table prices as from (values
    ('card-fraud', 'block/fraud', 'amount', date '2026-01-01', date '2026-06-30'),
    ('card-fraud', 'block/fraud', 'amount', date '2026-07-01', null)
) as t(system_id, driver, unit, valid_from, valid_to);
create table baselines as from (values
    ('card-fraud', 'v1', 'recall', date '2025-01-01', date '2025-12-31')
) as t(system_id, version, metric, window_start, window_end);
create table terms as from (values
    ('card-fraud', 'hurdle_rate_annual', 'v1', date '2026-01-01', timestamptz '2026-01-15 00:00:00Z', 'finance')
) as t(system_id, term, version, valid_from, approved_at, approved_by);
create table allocation as from (values
    ('platform', 'card-fraud', cast(0.25 as decimal(18, 9)), cast(null as varchar), date '2026-01-01', date '2026-06-30'),
    ('platform', 'weld-check', 0.75, null, date '2026-01-01', date '2026-06-30'),
    ('platform', 'card-fraud', 0.5, null, date '2026-07-01', null),
    ('platform', 'weld-check', 0.5, null, date '2026-07-01', null),
    ('by-use', 'card-fraud', null, 'tokens', date '2026-01-01', null),
    ('by-use', 'weld-check', null, 'tokens', date '2026-01-01', null)
) as t(allocation_key, system_id, share, driver, valid_from, valid_to);

create table predictions as
    select
        month || '-' || i as prediction_id, month + to_minutes(cast(i as integer)) as predicted_at,
        if(i % 2 = 0, 'card-fraud', 'weld-check') as system_id,
        'alice@example.com' as predicted_label, 'predictions-' || month as delivery_id, i as row_no
    from range(1, 2021) as t(i), (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table outcomes as
    select
        month || '-' || i as prediction_id, month + to_minutes(cast(i as integer)) as observed_at,
        'fraud' as outcome, 'outcomes-' || month as delivery_id, i as row_no
    from range(1, 1501) as t(i), (values (date '2026-09-01'), (date '2026-10-01')) as m(month);

create table outcome_cells as
    select
        month as day, system_id, 'v1' as model_version, 'realtime' as serving_mode, decision,
        cast(null as varchar) as arm, cast(null as decimal(9, 6)) as propensity, 'ok' as status, 'primary' as outcome_type, 'linked' as link,
        outcome, month as observed_month, 4 as delay_days, true as is_correct, 'USD' as currency,
        cast(if(decision = 'block', 200, 800) as bigint) as predictions,
        cast(1000 as decimal(38, 6)) as cases, cast(0 as decimal(38, 6)) as amount
    from (values ('block', 'fraud'), ('allow', 'legit')) as d(decision, outcome), systems,
        (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table usage_cells as select day, system_id, sum(predictions) as predictions
    from outcome_cells group by day, system_id;
create table superseded_cells as select day, system_id, cast(10 as bigint) as predictions from usage_cells;

create table ledger_monthly as
    select
        month, system_id, side, basis, driver, 'v1' as model_version, 'realtime' as serving_mode, category,
        if(side = 'cost', 'opex', null) as cost_class, cast(null as varchar) as regulatory_category,
        cast(amount as decimal(38, 9)) as quantity, 'USD' as unit, cast(1 as decimal(28, 9)) as unit_price,
        cast(amount as decimal(38, 18)) as amount, cast(0 as decimal(38, 18)) as avoidable_amount,
        month as belongs_month, 'USD' as currency, 'billing' as source
    from (values
        ('card-fraud', 'cost', 'cash', 'invoice/licence', 'licence', 150.25), ('card-fraud', 'cost', 'accrual', 'invoice/licence', 'licence', 120),
        ('unallocated', 'cost', 'cash', 'cloud/gpu', 'gpu', 30), ('unallocated', 'cost', 'accrual', 'cloud/gpu', 'gpu', 30),
        ('card-fraud', 'value', 'cohort', 'block/fraud', 'direct', 700), ('card-fraud', 'value', 'recognised', 'block/fraud', 'direct', 500)
    ) as t(system_id, side, basis, driver, category, amount), (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table tco_monthly as
    with per_system as (
        select month, system_id, basis, category, cost_class, regulatory_category, sum(amount) as amount,
            sum(avoidable_amount) as avoidable_amount, 'USD' as currency
        from ledger_monthly where side = 'cost' group by month, system_id, basis, category, cost_class, regulatory_category
    )
    select * from per_system
    union all
    select month, 'portfolio', basis, category, cost_class, regulatory_category, sum(amount), sum(avoidable_amount), 'USD'
    from per_system group by month, basis, category, cost_class, regulatory_category;
create table value_attribution_monthly as
    select
        month, system_id, basis as view, model_version, serving_mode, driver, category,
        1000 as predictions, 900 as acted, 800 as linked, 700 as matured,
        cast(0.888889 as decimal(18, 6)) as coverage, cast(0.95 as decimal(18, 6)) as maturity,
        quantity, 'case' as unit, amount, cast(amount - 10 as decimal(38, 18)) as amount_low,
        cast(amount + 10 as decimal(38, 18)) as amount_high, cast(5 as decimal(38, 18)) as standard_error,
        'C' as evidence_grade, 'USD' as currency
    from ledger_monthly where side = 'value';
insert into value_attribution_monthly select * replace ('portfolio' as system_id) from value_attribution_monthly;
create table quality_monthly as
    select month, system_id, 'v1' as model_version, 1000 as n, 90 as tp, 10 as fp, 20 as fn, 880 as tn,
        cast(0.97 as decimal(18, 6)) as accuracy, cast(0.9 as decimal(18, 6)) as precision,
        cast(0.818182 as decimal(18, 6)) as recall, 1000 as predictions, 5 as errors, 1000 as linked_outcomes,
        1 as orphan_outcomes
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table development_monthly as
    select month, system_id, 'complete' as method, cast(1 as decimal(18, 6)) as gain_maturity,
        cast(1 as decimal(18, 6)) as loss_maturity, cast(1 as decimal(10, 6)) as gain_factor,
        cast(1 as decimal(10, 6)) as loss_factor, cast(null as varchar) as missing_reason
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table roi_monthly as
    with months as (
        select month, system_id,
            coalesce((select sum(l.amount) from ledger_monthly as l where l.month = m.month and l.system_id = s.system_id and l.basis = 'cohort'), 0) as value,
            coalesce((select sum(l.amount) from ledger_monthly as l where l.month = m.month and l.system_id = s.system_id and l.basis = 'cash'), 0) as tco_cash,
            coalesce((select sum(l.amount) from ledger_monthly as l where l.month = m.month and l.system_id = s.system_id and l.basis = 'accrual'), 0) as tco_accrual
        from (select system_id from dim_system) as s, (values (date '2026-09-01'), (date '2026-10-01')) as m(month)
    ),
    totals as (
        select * from months
        union all select month, 'portfolio', sum(value), sum(tco_cash), sum(tco_accrual) from months group by month
    )
    select
        month, system_id, value, tco_cash, tco_accrual, value - tco_cash as net_cash, value - tco_accrual as net_accrual,
        sum(value) over w as cumulative_value, sum(value - tco_cash) over w as cumulative_net_cash,
        sum(value - tco_accrual) over w as cumulative_net_accrual,
        case when sum(tco_cash) over w > 0 then cast(0.5 as decimal(18, 6)) end as roi_cumulative_cash,
        case when sum(tco_accrual) over w > 0 then cast(0.5 as decimal(18, 6)) end as roi_cumulative_accrual,
        case when sum(tco_cash) over w = 0 then 'no_cost' end as missing_reason,
        cast(0.2 as decimal(18, 6)) as incremental_roi, cast(0.1 as decimal(18, 6)) as incremental_roi_low,
        cast(0.3 as decimal(18, 6)) as incremental_roi_high, cast(5 as decimal(38, 18)) as avoidable_cost,
        cast(2 as decimal(38, 18)) as capital_charge, value - 7 as economic_profit, 'USD' as currency
    from totals window w as (partition by system_id order by month);
create table threshold_status_monthly as
    select month, system_id, 'positive' as status, 'recovered' as investment_state, 'healthy' as operating_state,
        cast(null as varchar) as held_reason, cast(0.2 as decimal(18, 6)) as metric,
        cast(0.1 as decimal(18, 6)) as metric_low, cast(0.3 as decimal(18, 6)) as metric_high,
        'unchanged' as rule_id, 9 as months_in_operation, '{}' as terms, 'a1' as inputs_sha256,
        '1+b2' as code_version
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table status_transitions as
    select
        month, system_id, 'recovered' as from_status, status as to_status, 'marginal' as from_operating_state,
        operating_state as to_operating_state, 'recovered' as from_investment_state,
        investment_state as to_investment_state, rule_id, '2026-09, 2026-10' as evidence_months
    from threshold_status_monthly where month = '2026-10-01' and system_id = 'card-fraud';
create table status_reviews as from (values
    ('card-fraud/decommissioning/2026-09-01', 'card-fraud', 'open', false, date '2026-10-01', cast(null as date), cast(null as varchar), cast(null as varchar), cast(null as varchar)),
    ('card-fraud/scheduled/2026-01-10/1', 'card-fraud', 'recorded', false, null, date '2026-01-10', 'continue', 'board', 'fine')
) as t(review_id, system_id, state, is_overdue, due_on, decided_on, decision, decided_by, rationale);
create table roi_by_grade_monthly as
    select
        month, system_id, 'C' as evidence_grade, value, cumulative_value, roi_cumulative_cash as roi_cumulative_cash_or_better,
        missing_reason, currency
    from roi_monthly where value <> 0;
create table roi_by_mode_monthly as
    select month, system_id, 'batch' as serving_mode, value, tco_accrual as cost_accrual, net_accrual,
        roi_cumulative_accrual, missing_reason, currency
    from roi_monthly where system_id <> 'portfolio' and value <> 0;
create table reconciliation_monthly as
    select month, 'billing' as dataset, 'billing' as source_id, 'USD' as currency,
        cast(100 as decimal(38, 18)) as total_in, cast(90 as decimal(38, 18)) as allocated,
        cast(10 as decimal(38, 18)) as unallocated, cast(0 as decimal(38, 18)) as superseded, cast(0 as decimal(38, 18)) as quarantined,
        cast(0 as decimal(38, 18)) as difference
    from (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table indirect_value_monthly as
    select
        month, 'card-fraud' as system_id, driver, amount, cast(0.5 as decimal(18, 9)) as confidence,
        case when amount is null then 'unmonetised' end as missing_reason, 'survey' as method, 'care' as owner,
        'USD' as currency
    from (values ('trust', cast(40 as decimal(38, 18))), ('brand', null)) as d(driver, amount),
        (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table economics_monthly as
    select month, system_id, 1000 as decisions, 970 as right_decisions, true as is_evidence,
        cast(700 as decimal(38, 18)) as value, cast(300 as decimal(38, 18)) as avoidable,
        cast(100 as decimal(38, 18)) as compute, cast(2 as decimal(28, 6)) as unit_value,
        cast(null as varchar) as missing_reason, 'USD' as currency
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table degradation_monthly as
    select month, system_id, 'v1' as model_version, cast(0.97 as decimal(28, 6)) as quality,
        cast(0.96 as decimal(28, 6)) as quality_low, cast(0.98 as decimal(28, 6)) as quality_high,
        'linear' as law, cast(0.97 as decimal(28, 6)) as expected_quality,
        cast(4 as decimal(28, 6)) as crossing_in_months, cast(3 as decimal(28, 6)) as crossing_in_months_low,
        cast(6 as decimal(28, 6)) as crossing_in_months_high, cast(null as varchar) as missing_reason,
        cast(null as varchar) as crossing_reason, cast(9 as decimal(28, 6)) as retrain_interval_months,
        cast(null as varchar) as retrain_reason, cast(50 as decimal(38, 18)) as value_lost_per_month, 'USD' as currency
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table options_monthly as
    select month, system_id, option, cast(npv as decimal(38, 18)) as npv, rank,
        cast(probability as decimal(28, 6)) as probability_best, rank = 1 as is_first_action, reason as missing_reason,
        'quality' as dominant_cause, cast(-10 as decimal(38, 18)) as net_change, cast(5 as decimal(38, 18)) as volume_effect,
        cast(-13 as decimal(38, 18)) as quality_effect, cast(0 as decimal(38, 18)) as price_effect,
        cast(-2 as decimal(38, 18)) as cost_effect, 'USD' as currency
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month), (values
        ('retrain', 900, 1, 0.9, null), ('keep', 800, 2, 0.1, null), ('replace', null, null, null, 'no_cost_stated')
    ) as o(option, npv, rank, probability, reason);
create table options as from (values
    ('card-fraud', 'retrain', date '2026-01-01', cast(0.98 as decimal(28, 9)), cast(null as decimal(28, 9)), cast(null as decimal(28, 9)))
) as t(system_id, option, valid_from, expected_quality, salvage_value, monthly_cost_change);
create table asset_register_monthly as
    select
        month, asset_id, 'card-fraud' as system_id, cast(null as varchar) as allocation_key,
        'accelerators' as category, 'accelerators' as asset_class, 'capex' as cost_class,
        cast(9000 as decimal(38, 2)) as cost, cast(0 as decimal(38, 2)) as additions,
        cast(0 as decimal(38, 2)) as depreciation, cast(3000 as decimal(38, 2)) as accumulated_depreciation,
        cast(1000 as decimal(38, 2)) as impairments, cast(400 as decimal(38, 2)) as write_offs,
        cast(100 as decimal(38, 2)) as proceeds, cast(4500 as decimal(38, 2)) as book_value,
        cast(0 as decimal(38, 2)) as difference, 'USD' as currency
    from (values (date '2026-09-01'), (date '2026-10-01')) as m(month), (values ('gpu-1'), ('gpu-2')) as g(asset_id);
create table projection_monthly as
    select month, system_id, cast(month + interval 1 month as date) as horizon_month,
        cast(10 as decimal(38, 18)) as cumulative_net_p5, cast(20 as decimal(38, 18)) as cumulative_net_p25,
        cast(30 as decimal(38, 18)) as cumulative_net_p50, cast(40 as decimal(38, 18)) as cumulative_net_p75,
        cast(50 as decimal(38, 18)) as cumulative_net_p95, cast(0.9 as decimal(28, 6)) as probability_breakeven,
        cast(0.8 as decimal(28, 6)) as probability_recovered, cast(0.96 as decimal(28, 6)) as expected_quality,
        cast(null as varchar) as missing_reason, 'USD' as currency
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table sensitivity_monthly as
    select month, system_id, 'monte_carlo' as analysis, 'breakeven' as parameter, 'within_12_months' as scenario,
        cast(0.9 as decimal(28, 6)) as probability, cast(12 as decimal(28, 6)) as input,
        cast(700 as decimal(38, 18)) as npv, cast(null as decimal(38, 18)) as net_value,
        cast(9 as decimal(28, 6)) as breakeven_month, cast(null as varchar) as missing_reason, 100000 as draws, 7 as seed, 'USD' as currency
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table serving_mode_comparison_monthly as
    select month, system_id, 'realtime' as serving_mode, cast(4 as decimal(28, 6)) as cost_per_1k,
        cast(1600 as decimal(38, 18)) as counterfactual_saving, cast(5000 as decimal(38, 18)) as value_lost,
        cast(14 as decimal(38, 18)) as deferral_cost, cast(-3414 as decimal(38, 18)) as net_change,
        'batch_discount 0.5 (default)' as assumptions, cast(null as varchar) as missing_reason, 'USD' as currency
    from systems, (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
alter table capex add column power_kw decimal(18, 6);
alter table capex add column location varchar;
update capex set power_kw = 10, location = 'fra1';
create table facilities as from (values
    ('fra1', 1.2, 0.20, 150.0, 'USD', date '2026-01-01', date '2026-06-30', 'contract', 'facilities', 1),
    ('fra1', 1.2, 0.25, 150.0, 'USD', date '2026-07-01', null, 'contract', 'facilities', 2)
) as t(location, pue, energy_price_per_kwh, facility_price_per_kw_month, currency, valid_from, valid_to,
    source_document, delivery_id, row_no);
create table edge_fleets as from (values
    ('weld-check', 2000, 1.2, 0.03, 0.2, 0.08, 'USD', date '2026-01-01', date '2026-06-30', 'plan', 'edge_fleets', 1),
    ('weld-check', 2500, 1.2, 0.03, 0.2, 0.08, 'USD', date '2026-07-01', null, 'plan', 'edge_fleets', 2)
) as t(system_id, devices, central_gb_per_device_day, edge_gb_per_device_day, update_gb_per_device_month,
    price_per_gb, currency, valid_from, valid_to, source_document, delivery_id, row_no);
create table asset_tax_yearly as from (values
    ('gpu-1', date '2026-03-01', 2026, 5, 'half_year', 9000.00, 1800.00, 1800.00, cast(null as varchar), true, 'USD'),
    ('gpu-2', date '2026-03-01', 2026, 5, 'half_year', 5000.00, 1000.00, 1000.00, null, true, 'USD')
) as t(asset_id, placed_in_service_on, tax_year, recovery_years, convention, basis, amount, deducted_so_far,
    missing_reason, is_provisional, currency);

create table cost_waivers as from (values
    ('weld-check', 'network', 'inside one rack', 'cfo', date '2026-01-01', cast(null as date))
) as t(system_id, category, reason, approved_by, valid_from, valid_to);
create table unit_cost_monthly as
    select month, system_id, 'realtime' as serving_mode, 1000 as predictions, cast(0 as decimal(38, 6)) as tokens,
        cast(0 as decimal(38, 6)) as compute_seconds, cast(cost as decimal(38, 18)) as cost_accrual,
        cast(cost as decimal(38, 18)) as fixed_cost, cast(0 as decimal(38, 18)) as variable_cost,
        cast(cost as decimal(28, 6)) as cost_per_1k_predictions, cast(null as decimal(28, 6)) as cost_per_1m_tokens,
        'no_compute_seconds' as missing_reason, 'USD' as currency
    from (values ('card-fraud', 120), ('weld-check', 0)) as t(system_id, cost), (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table tco_change_monthly as
    select date '2026-10-01' as month, system_id, category, driver, cast(null as varchar) as unit,
        amount as before, amount as after, cast(0 as decimal(38, 18)) as change, cast(-5 as decimal(38, 18)) as price,
        cast(3 as decimal(38, 18)) as volume, cast(2 as decimal(38, 18)) as mix, cast(0 as decimal(38, 18)) as other,
        'USD' as currency
    from ledger_monthly where basis = 'accrual' and month = '2026-10-01';
create table cost_completeness_monthly as
    select month, system_id, category, status, cast(0 as decimal(38, 18)) as amount, reason, 'USD' as currency
    from (values ('card-fraud', 'licences', 'present', null), ('weld-check', 'network', 'waived', 'inside one rack')) as t(system_id, category, status, reason),
        (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
create table unallocated_monthly as
    select month, basis, source, 'billing' as source_id, '0042' as account, 'GPU' as service, '' as allocation_key,
        'no_rule' as reason, 1 as lines, amount, currency
    from ledger_monthly where system_id = 'unallocated';
create table spend_estimate_monthly as
    select month, bill, provider, calls, cast(estimate as decimal(38, 18)) as estimate, cast(billed as decimal(38, 18)) as billed,
        cast(billed - estimate as decimal(38, 18)) as difference, cast(ratio as decimal(28, 6)) as ratio,
        case when ratio is null then 'no_bill' end as missing_reason, 'USD' as currency
    from (values ('openai-bill', 'openai', 80, 8, 10, 1.25), ('aws', 'bedrock', 3, 1.5, null, null)) as t(bill, provider, calls, estimate, billed, ratio),
        (values (date '2026-09-01'), (date '2026-10-01')) as m(month);
