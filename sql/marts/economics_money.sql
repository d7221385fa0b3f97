-- What a system brought and cost in the month it belongs to, as known now; `net` is what counts of its value less what was paid.
-- grain: month, system_id
-- build: view
select
    l.belongs_month as month,
    l.system_id,
    sum(l.amount) filter (where l.basis = 'cohort' and l.category = 'direct') as value,
    sum(l.avoidable_amount) filter (where l.side = 'cost' and l.basis = 'accrual') as avoidable,
    sum(l.avoidable_amount) filter (
        where l.side = 'cost' and l.basis = 'accrual' and l.source = 'billing'
    ) as compute,
    sum(l.amount - l.avoidable_amount) filter (
        where l.side = 'cost' and l.basis = 'accrual' and l.source <> 'capex'
    ) as fixed,
    coalesce(sum(l.amount) filter (
        where l.basis = 'cohort' and l.category = 'direct'
            and (coalesce(g.is_incremental, e.month is not null) or k.month is not null)
    ), 0)
    - coalesce(sum(l.amount) filter (where l.side = 'cost' and l.basis = 'cash'), 0) as net
from ledger_monthly as l
left join evidence_grade as g on g.system_id = l.system_id
left join evidence_month as e on e.month = l.belongs_month and e.system_id = l.system_id
left join gross_loss as k on k.month = l.month and k.system_id = l.system_id
group by l.belongs_month, l.system_id

/* example
# A value of 50 and a restated one of 5, against a baseline; 30 billed, 12 of salaries of which 2 could be saved.
given:
  evidence_grade: [{system_id: s, evidence_grade: C, is_incremental: true}]
  ledger_monthly:
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: value, basis: cohort, category: direct, driver: v, amount: 50}
    - {month: 2026-11-01, belongs_month: 2026-10-01, system_id: s, side: value, basis: cohort, category: direct, driver: restatement/2026-10/v, amount: 5}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: accrual, source: billing, driver: cloud, amount: 30, avoidable_amount: 30}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: accrual, source: operating_costs, driver: salaries, amount: 12, avoidable_amount: 2}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: cash, source: billing, driver: cloud, amount: 40, avoidable_amount: 40}
expect:
  economics_money: [{month: 2026-10-01, system_id: s, value: 55, avoidable: 32, compute: 30, fixed: 10, net: 15}]
*/
