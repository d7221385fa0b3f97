-- What came late for a closed month: its books stay, the difference stands in a later month.
-- grain: detected_at, month, system_id, table_name
-- closed months: rebuilt
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
    group by month, belongs_month, system_id, side, basis
),

closed as (
    select month, system_id, side, basis, sum(amount) as before
    from closed_ledger_monthly
    where belongs_month = month
    group by month, system_id, side, basis
),

so_far as (
    select
        m.booked_month,
        m.month,
        m.system_id,
        m.side,
        m.basis,
        m.delta,
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

/* example
# October was closed at 100. In November 250 less came, in December 10 more: 100, -150, -140.
given:
  run_month: [{month: 2026-10-01}, {month: 2026-11-01}, {month: 2026-12-01}]
  setting: [{reporting_currency: USD, time_zone: UTC}]
  late_delivery: [{month: 2026-10-01, side: cost, cause_delivery: "b, c"}]
  closed_ledger_monthly: [{month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: cash, amount: 100}]
  ledger_monthly:
    - {month: 2026-11-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: cash, amount: -250}
    - {month: 2026-12-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: cash, amount: 10}
    - {month: 2026-12-01, belongs_month: 2026-12-01, system_id: s, side: cost, basis: cash, amount: 7}
expect:
  restatements:
    - {detected_at: 2026-12-01 00:00:00, month: 2026-10-01, system_id: s, table_name: ledger_monthly/cost/cash, before: 100, after: -150, delta: -250, cause_delivery: "b, c"}
    - {detected_at: 2027-01-01 00:00:00, month: 2026-10-01, system_id: s, table_name: ledger_monthly/cost/cash, before: -150, after: -140, delta: 10, cause_delivery: "b, c"}
*/
