-- What the owned hardware of a system is still worth on the books at the end of a month.
-- grain: month, system_id
with held as (
    select
        d.asset_id,
        d.month,
        case when d.is_home then a.system_id else d.system_id end as system_id,
        case when d.is_home then a.allocation_key else d.allocation_key end as allocation_key,
        min(d.book_value) as book_value -- charges of one month leave less and less
    from depreciation as d
    inner join asset as a using (asset_id)
    where d.kind <> 'transfer'
    group by 1, 2, 3, 4
)

select
    h.month,
    coalesce(s.system_id, h.system_id, 'unallocated') as system_id,
    cast(
        sum(cast(h.book_value as decimal(18, 2)) * coalesce(s.share, 1)) as decimal(38, 18)
    ) as book_value
from held as h
left join allocation_share as s -- a miss is hardware of one system
    on s.allocation_key = h.allocation_key
    and last_day(h.month) between s.valid_from and s.valid_to
group by h.month, coalesce(s.system_id, h.system_id, 'unallocated')

/* example
# A server of 120 over twelve months after its first month, and half of a shared one of 60 over six.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  capex:
    - {delivery_id: d, row_no: 1, asset_id: own, acquired_on: 2026-10-01, cost: 120, currency: USD, system_id: s, category: servers}
    - {delivery_id: d, row_no: 2, asset_id: both, acquired_on: 2026-10-01, cost: 60, currency: USD, allocation_key: k, category: servers}
  allocation:
    - {allocation_key: k, system_id: s, share: 0.5, valid_from: 2026-01-01}
    - {allocation_key: k, system_id: t, share: 0.5, valid_from: 2026-01-01}
  depreciation:
    - {asset_id: own, month: 2026-10-01, is_home: true, kind: depreciation, amount: 10, book_value: 110}
    - {asset_id: both, month: 2026-10-01, is_home: true, kind: depreciation, amount: 10, book_value: 50}
expect:
  capital:
    - {month: 2026-10-01, system_id: s, book_value: 135}
    - {month: 2026-10-01, system_id: t, book_value: 25}
*/
