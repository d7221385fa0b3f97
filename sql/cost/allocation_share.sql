-- Which stretch of a shared cost is whose, by fixed shares or by a month's use: stretches laid end to end from 0 to 1.
-- grain: allocation_key, system_id, valid_from
-- computed: once
with weighed as (
    select
        allocation_key,
        system_id,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to,
        cast(cast(share as decimal(38, 9)) * 1000000000 as hugeint) as weight,
        false as is_by_use
    from allocation
    where share is not null
    union all
    select
        a.allocation_key,
        a.system_id,
        u.month,
        last_day(u.month),
        cast(sum(case a.driver
            when 'predictions' then u.predictions
            when 'tokens' then u.tokens
            else u.compute_seconds
        end) * 1000000 as hugeint),
        true
    from allocation as a
    inner join mode_usage as u
        on u.system_id = a.system_id
        and u.month >= a.valid_from
        and u.month <= coalesce(a.valid_to, date '9999-12-31')
    where a.driver is not null
    group by a.allocation_key, a.system_id, u.month
),

cut as ( -- in parts of 1e15; a month that nobody used has no shares: its cost stays unallocated
    select
        *,
        weight * 1000000000000000 // sum(weight) over whole as parts,
        weight * 1000000000000000 % sum(weight) over whole as remainder
    from weighed
    where weight > 0 or not is_by_use
    window whole as (partition by allocation_key, valid_from)
),

filled as ( -- the largest remainders get what is left, so that the parts add up to the whole
    select
        *,
        parts + case
            when row_number() over (partition by allocation_key, valid_from order by remainder desc, system_id)
                <= 1000000000000000 - sum(parts) over (partition by allocation_key, valid_from) then 1
            else 0
        end as share_parts
    from cut
)

select
    allocation_key,
    system_id,
    valid_from,
    valid_to,
    cast(cast(share_parts as decimal(18, 0)) * 0.000000000000001 as decimal(18, 15)) as share,
    cast(sum(share_parts) over earlier - share_parts as bigint) as parts_from,
    cast(sum(share_parts) over earlier as bigint) as parts_to,
    is_by_use
from filled
window earlier as (
    partition by allocation_key, valid_from order by system_id rows between unbounded preceding and current row
)

/* example
# By use: 100 and 300 tokens of October; in November nobody used the gateway. Of thirds the first is the larger.
given:
  allocation:
    - {allocation_key: platform, system_id: b, share: 0.75, valid_from: 2026-01-01}
    - {allocation_key: platform, system_id: a, share: 0.25, valid_from: 2026-01-01}
    - {allocation_key: gateway, system_id: a, driver: tokens, valid_from: 2026-01-01}
    - {allocation_key: gateway, system_id: b, driver: tokens, valid_from: 2026-01-01}
    - {allocation_key: third, system_id: x, driver: predictions, valid_from: 2026-01-01}
    - {allocation_key: third, system_id: y, driver: predictions, valid_from: 2026-01-01}
    - {allocation_key: third, system_id: z, driver: predictions, valid_from: 2026-01-01}
  mode_usage:
    - {month: 2026-10-01, system_id: x, serving_mode: batch, predictions: 5, tokens: 0, compute_seconds: 0}
    - {month: 2026-10-01, system_id: y, serving_mode: batch, predictions: 5, tokens: 0, compute_seconds: 0}
    - {month: 2026-10-01, system_id: z, serving_mode: batch, predictions: 5, tokens: 0, compute_seconds: 0}
    - {month: 2026-10-01, system_id: a, serving_mode: batch, predictions: 9, tokens: 100, compute_seconds: 0}
    - {month: 2026-10-01, system_id: b, serving_mode: batch, predictions: 1, tokens: 300, compute_seconds: 0}
    - {month: 2026-11-01, system_id: b, serving_mode: batch, predictions: 1, tokens: 0, compute_seconds: 0}
expect:
  allocation_share:
    - {allocation_key: platform, system_id: a, valid_from: 2026-01-01, share: 0.25, parts_from: 0, parts_to: 250000000000000, is_by_use: false}
    - {allocation_key: platform, system_id: b, valid_from: 2026-01-01, share: 0.75, parts_from: 250000000000000, parts_to: 1000000000000000, is_by_use: false}
    - {allocation_key: gateway, system_id: a, valid_from: 2026-10-01, share: 0.25, parts_from: 0, parts_to: 250000000000000, is_by_use: true}
    - {allocation_key: gateway, system_id: b, valid_from: 2026-10-01, share: 0.75, parts_from: 250000000000000, parts_to: 1000000000000000, is_by_use: true}
    - {allocation_key: third, system_id: x, valid_from: 2026-10-01, share: 0.333333333333334, parts_from: 0, parts_to: 333333333333334, is_by_use: true}
    - {allocation_key: third, system_id: y, valid_from: 2026-10-01, share: 0.333333333333333, parts_from: 333333333333334, parts_to: 666666666666667, is_by_use: true}
    - {allocation_key: third, system_id: z, valid_from: 2026-10-01, share: 0.333333333333333, parts_from: 666666666666667, parts_to: 1000000000000000, is_by_use: true}
*/
