-- Whether a cost that every system is expected to have is in the books of a month, waived with a reason, or missing.
-- grain: month, system_id, category
with booked as ( -- a category is known by its own name or by the cost pool a rule puts it in
    select
        l.month,
        l.system_id,
        n.category,
        sum(l.amount) as amount,
        bool_or(l.amount <> 0) as is_booked
    from ledger_monthly as l,
        unnest(list_distinct([l.category, coalesce(l.cost_pool, l.category)])) as n (category)
    where l.side = 'cost' and l.basis = 'accrual'
    group by l.month, l.system_id, n.category
),

expected as (
    select
        m.month,
        s.system_id,
        e.category,
        e.months,
        coalesce(sum(b.amount) filter (where b.month = m.month), 0) as amount,
        max(b.month) filter (where b.is_booked) as last_month
    from run_month as m
    inner join systems as s on m.month >= date_trunc('month', s.live_on)
    cross join expected_cost as e
    left join booked as b on b.system_id = s.system_id and b.category = e.category and b.month <= m.month
    group by m.month, s.system_id, e.category, e.months
)

select
    e.month,
    e.system_id,
    e.category,
    case
        when e.last_month > e.month - to_months(e.months) then 'present'
        when max(w.reason) is not null then 'waived'
        else 'missing'
    end as status,
    e.amount,
    e.last_month,
    max(w.reason) as reason,
    any_value(g.reporting_currency) as currency
from expected as e
cross join setting as g
left join cost_waivers as w
    on w.system_id = e.system_id and w.category = e.category
    and w.valid_from <= last_day(e.month) and coalesce(w.valid_to, date '9999-12-31') >= e.month
group by e.month, e.system_id, e.category, e.months, e.amount, e.last_month

/* example
# Energy comes as colocation, which a rule puts in the pool energy; retraining once a year is enough.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-09-01}, {month: 2026-10-01}]
  systems: [{system_id: s, live_on: 2026-10-12}]
  expected_cost: [{category: energy, months: 1}, {category: retraining, months: 12}, {category: network, months: 1}, {category: licences, months: 1}]
  cost_waivers: [{system_id: s, category: network, reason: inside one rack, approved_by: cfo, valid_from: 2026-01-01}]
  ledger_monthly:
    - {month: 2026-10-01, system_id: s, side: cost, basis: accrual, category: colocation, cost_pool: energy, amount: 7}
    - {month: 2026-03-01, system_id: s, side: cost, basis: accrual, category: retraining, amount: 90}
    - {month: 2026-09-01, system_id: s, side: cost, basis: accrual, category: licences, amount: 5}
expect:
  cost_completeness_monthly:
    - {month: 2026-10-01, category: energy, status: present, amount: 7, last_month: 2026-10-01, reason: null}
    - {month: 2026-10-01, category: retraining, status: present, amount: 0, last_month: 2026-03-01, reason: null}
    - {month: 2026-10-01, category: network, status: waived, amount: 0, last_month: null, reason: inside one rack}
    - {month: 2026-10-01, category: licences, status: missing, amount: 0, last_month: 2026-09-01, reason: null}
*/
