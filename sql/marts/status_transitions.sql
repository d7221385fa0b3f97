-- A month in which the status of a system changed, or one of the two states behind it: from what, to what, by which rule.
-- grain: month, system_id
with story as (
    select
        *,
        lag(status) over past as from_status,
        lag(operating_state) over past as from_operating_state,
        lag(investment_state) over past as from_investment_state
    from threshold_status_monthly
    semi join run_month using (month)
    window past as (partition by system_id order by month)
)

select
    month,
    system_id,
    from_status,
    status as to_status,
    from_operating_state,
    operating_state as to_operating_state,
    from_investment_state,
    investment_state as to_investment_state,
    rule_id,
    evidence_months,
    metric,
    metric_low,
    metric_high,
    hurdle,
    recommended_action,
    terms_version,
    inputs_sha256,
    code_version,
    as_of
from story
where
    rule_id = 'hard_stop'
    or status <> from_status
    or operating_state <> from_operating_state
    or investment_state <> from_investment_state

/* example
# Two months below the hurdle, October and November, make it marginal; nothing happened in October.
given:
  run_month: [{month: 2026-09-01}, {month: 2026-10-01}, {month: 2026-11-01}]
  threshold_status_monthly:
    - {month: 2026-09-01, system_id: s, status: positive, operating_state: healthy, investment_state: recovered, rule_id: unchanged}
    - {month: 2026-10-01, system_id: s, status: positive, operating_state: healthy, investment_state: recovered, rule_id: unchanged}
    - {month: 2026-11-01, system_id: s, status: marginal_deterioration, operating_state: marginal, investment_state: recovered, rule_id: healthy_to_marginal, evidence_months: "2026-10, 2026-11", metric_high: 0.05, hurdle: 0.12}
expect:
  status_transitions:
    - {month: 2026-11-01, system_id: s, from_status: positive, to_status: marginal_deterioration, rule_id: healthy_to_marginal, evidence_months: "2026-10, 2026-11", metric_high: 0.05, hurdle: 0.12}
*/
