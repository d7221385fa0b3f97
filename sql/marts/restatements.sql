-- What came late for a closed month: its books stay, the difference stands in a later month.
-- grain: detected_at, month, system_id, table_name
with moved as (
    select
        month as booked_month,
        belongs_month as month,
        system_id,
        side,
        basis,
        sum(amount) as delta
    from ledger_monthly
    semi join run_month using (month)
    where belongs_month <> month
    group by all
),

closed as (
    select month, system_id, side, basis, sum(amount) as before
    from closed_ledger
    where belongs_month = month
    group by all
),

so_far as (
    select
        m.*,
        coalesce(c.before, 0) + coalesce(sum(m.delta) over (
            partition by m.month, m.system_id, m.side, m.basis
            order by m.booked_month rows between unbounded preceding and 1 preceding
        ), 0) as before
    from moved as m
    left join closed as c using (month, system_id, side, basis)
)

select
    cast(s.booked_month + interval 1 month as timestamp) as detected_at,
    s.month,
    s.system_id,
    'ledger_monthly/' || s.side || '/' || s.basis as table_name,
    s.before,
    s.before + s.delta as after,
    s.delta,
    l.cause_delivery,
    g.reporting_currency as currency
from so_far as s
cross join setting as g
left join late_delivery as l on l.month = s.month and l.side = s.side
where s.delta <> 0
