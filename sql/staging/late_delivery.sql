-- Which deliveries came after a month was closed and can have changed it.
-- grain: month, side
select
    c.month,
    case when m.dataset in ('predictions', 'outcomes') then 'value' else 'cost' end as side,
    string_agg(distinct m.delivery_id, ', ' order by m.delivery_id) as cause_delivery
from closing as c
inner join delivery_months as m
    on not list_contains(c.live, m.dataset || '/' || m.delivery_id)
    and m.is_live
    and case
        when m.dataset = 'outcomes' then m.month >= c.month
        when m.month is null then true
        else m.month = c.month
            or (cast(m.first_at as date) <= last_day(c.month) and cast(m.last_at as date) >= c.month)
    end
group by 1, 2

/* example
# October was closed with delivery a; b came later with charges of October.
given:
  closing: [{month: 2026-10-01, live: [billing/a]}]
  delivery_months:
    - {dataset: billing, delivery_id: a, month: 2026-10-01, first_at: 2026-10-01 00:00:00+00, last_at: 2026-10-31 00:00:00+00, is_live: true}
    - {dataset: billing, delivery_id: b, month: 2026-11-01, first_at: 2026-10-09 00:00:00+00, last_at: 2026-11-30 00:00:00+00, is_live: true}
    - {dataset: billing, delivery_id: c, month: 2026-11-01, first_at: 2026-11-01 00:00:00+00, last_at: 2026-11-30 00:00:00+00, is_live: true}
expect:
  late_delivery: [{month: 2026-10-01, side: cost, cause_delivery: b}]
*/
