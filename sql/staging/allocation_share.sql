-- Which stretch of a shared cost is whose, by fixed shares or by a month's use: stretches laid end to end from 0 to 1.
-- grain: allocation_key, system_id, valid_from
with used as (
    select
        a.allocation_key,
        a.system_id,
        u.month,
        cast(sum(case a.driver
            when 'predictions' then u.predictions
            when 'tokens' then u.tokens
            else u.compute_seconds
        end) * 1000000 as hugeint) as millionths
    from allocation as a
    inner join mode_usage as u
        on u.system_id = a.system_id
        and u.month >= a.valid_from
        and u.month <= coalesce(a.valid_to, date '9999-12-31')
    where a.driver is not null
    group by a.allocation_key, a.system_id, u.month
),

run_up as (
    select
        *,
        sum(millionths) over earlier as millionths_to,
        sum(millionths) over (partition by allocation_key, month) as whole
    from used
    where millionths > 0 -- a month nobody used has no shares: its cost stays unallocated
    window earlier as (
        partition by allocation_key, month order by system_id rows between unbounded preceding and current row
    )
)

select
    allocation_key,
    system_id,
    valid_from,
    coalesce(valid_to, date '9999-12-31') as valid_to,
    cast(sum(share) over earlier - share as decimal(9, 6)) as share_from,
    cast(sum(share) over earlier as decimal(9, 6)) as share_to,
    false as is_by_use
from allocation
where share is not null
window earlier as (
    partition by allocation_key, valid_from
    order by system_id
    rows between unbounded preceding and current row
)
union all
select -- by whole division, so that every engine gives the same
    allocation_key,
    system_id,
    month,
    last_day(month),
    cast((millionths_to - millionths) * 1000000 // whole * 0.000001 as decimal(9, 6)),
    cast(millionths_to * 1000000 // whole * 0.000001 as decimal(9, 6)),
    true
from run_up

/* example
# By use: 100 and 300 tokens of October; in November nobody used the gateway.
given:
  allocation:
    - {allocation_key: platform, system_id: b, share: 0.75, valid_from: 2026-01-01}
    - {allocation_key: platform, system_id: a, share: 0.25, valid_from: 2026-01-01}
    - {allocation_key: gateway, system_id: a, driver: tokens, valid_from: 2026-01-01}
    - {allocation_key: gateway, system_id: b, driver: tokens, valid_from: 2026-01-01}
  mode_usage:
    - {month: 2026-10-01, system_id: a, serving_mode: batch, predictions: 9, tokens: 100, compute_seconds: 0}
    - {month: 2026-10-01, system_id: b, serving_mode: batch, predictions: 1, tokens: 300, compute_seconds: 0}
    - {month: 2026-11-01, system_id: b, serving_mode: batch, predictions: 1, tokens: 0, compute_seconds: 0}
expect:
  allocation_share:
    - {allocation_key: platform, system_id: a, valid_from: 2026-01-01, share_from: 0, share_to: 0.25, is_by_use: false}
    - {allocation_key: platform, system_id: b, valid_from: 2026-01-01, share_from: 0.25, share_to: 1, is_by_use: false}
    - {allocation_key: gateway, system_id: a, valid_from: 2026-10-01, share_from: 0, share_to: 0.25, is_by_use: true}
    - {allocation_key: gateway, system_id: b, valid_from: 2026-10-01, share_from: 0.25, share_to: 1, is_by_use: true}
*/
