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
