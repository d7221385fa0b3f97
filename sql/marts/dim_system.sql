-- One deployed AI system, as its owner describes it.
-- grain: system_id
select
    system_id,
    name,
    scenario,
    owner,
    serving_mode,
    invested_on,
    live_on,
    outcome_horizon_days
from systems
union all
select 'unallocated', 'Costs nobody claims', null, null, null, null, null, null
union all
select 'portfolio', 'All systems and unallocated costs', null, null, null, null, null, null

/* example
given:
  systems: [{system_id: s, name: Card fraud, scenario: fraud_detection, outcome_horizon_days: 120}]
expect:
  dim_system:
    - {system_id: s, name: Card fraud, outcome_horizon_days: 120}
    - {system_id: unallocated, name: Costs nobody claims, outcome_horizon_days: null}
    - {system_id: portfolio, name: All systems and unallocated costs, outcome_horizon_days: null}
*/
