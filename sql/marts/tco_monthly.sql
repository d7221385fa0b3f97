-- What a system cost in a month by category, as paid (cash) and as used up (accrual); `portfolio` is the total.
-- grain: month, system_id, basis, category
select
    l.month,
    coalesce(l.system_id, 'portfolio') as system_id,
    l.basis,
    l.category,
    sum(l.amount) as amount,
    case when min(l.cost_class) = max(l.cost_class) then min(l.cost_class) else 'mixed' end as cost_class,
    case
        when min(l.regulatory_category) = max(l.regulatory_category) then min(l.regulatory_category)
    end as regulatory_category,
    sum(l.avoidable_amount) as avoidable_amount,
    any_value(s.reporting_currency) as currency,
    case when min(l.cost_pool) = max(l.cost_pool) and count(l.cost_pool) = count(*) then min(l.cost_pool) end as cost_pool
from ledger_monthly as l
cross join setting as s
where l.side = 'cost'
group by grouping sets ((l.month, l.basis, l.category, l.system_id), (l.month, l.basis, l.category))

/* example
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  ledger_monthly:
    - {month: 2026-10-01, system_id: a, side: cost, basis: cash, driver: cloud/compute, category: compute, cost_class: opex, amount: 7, avoidable_amount: 7}
    - {month: 2026-10-01, system_id: unallocated, side: cost, basis: cash, driver: cloud/compute, category: compute, cost_class: opex, amount: 3, avoidable_amount: 0}
    - {month: 2026-10-01, system_id: a, side: value, basis: cohort, driver: fraud_stopped, category: direct, amount: 100, avoidable_amount: 0}
expect:
  tco_monthly:
    - {month: 2026-10-01, system_id: a, basis: cash, category: compute, amount: 7, avoidable_amount: 7, currency: USD}
    - {month: 2026-10-01, system_id: unallocated, basis: cash, category: compute, amount: 3, avoidable_amount: 0, currency: USD}
    - {month: 2026-10-01, system_id: portfolio, basis: cash, category: compute, amount: 10, avoidable_amount: 7, currency: USD}
*/
