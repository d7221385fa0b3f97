-- Which stretch of a shared cost is whose: shares laid end to end from 0 to 1, so that parts add up to the whole.
-- grain: allocation_key, system_id, valid_from
select
    allocation_key,
    system_id,
    valid_from,
    coalesce(valid_to, date '9999-12-31') as valid_to,
    cast(sum(share) over earlier - share as decimal(9, 6)) as share_from,
    cast(sum(share) over earlier as decimal(9, 6)) as share_to
from allocation
where share is not null
window earlier as (
    partition by allocation_key, valid_from
    order by system_id
    rows between unbounded preceding and current row
)

/* example
given:
  allocation:
    - {allocation_key: platform, system_id: b, share: 0.75, valid_from: 2026-01-01}
    - {allocation_key: platform, system_id: a, share: 0.25, valid_from: 2026-01-01}
expect:
  allocation_share:
    - {allocation_key: platform, system_id: a, share_from: 0, share_to: 0.25}
    - {allocation_key: platform, system_id: b, share_from: 0.25, share_to: 1}
*/
