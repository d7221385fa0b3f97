-- What a system brought and cost in a month, summed over the ledger; `portfolio` is the total.
-- grain: month, system_id
-- build: view
select
    l.month,
    coalesce(l.system_id, 'portfolio') as system_id,
    sum(l.amount) filter (
        where l.basis = 'cohort' and l.category = 'direct'
            and (coalesce(g.is_incremental, e.month is not null) or k.month is not null)
    ) as value,
    sum(l.amount) filter (
        where l.basis = 'cohort' and l.category = 'direct' and not coalesce(g.is_incremental, e.month is not null)
    ) as gross_value,
    sum(l.amount) filter (where l.basis = 'cohort' and l.category = 'indirect') as indirect_value,
    sum(l.amount) filter (where l.side = 'cost' and l.basis = 'cash') as tco_cash,
    sum(l.amount) filter (where l.side = 'cost' and l.basis = 'accrual') as tco_accrual,
    sum(l.avoidable_amount) filter (where l.side = 'cost' and l.basis = 'accrual') as avoidable
from ledger_monthly as l
left join evidence_grade as g on g.system_id = l.system_id and l.side = 'value'
left join evidence_month as e on e.month = l.belongs_month and e.system_id = l.system_id and l.side = 'value'
left join gross_loss as k on k.month = l.month and k.system_id = l.system_id and l.side = 'value'
group by grouping sets ((l.month, l.system_id), (l.month))

/* example
# Value without a measured process before is gross: no return, but a loss counts. Indirect value
# stands apart.
given:
  evidence_grade: [{system_id: a, evidence_grade: C, is_incremental: true}]
  ledger_monthly:
    - {month: 2026-10-01, system_id: a, side: value, basis: cohort, category: direct, amount: 60, avoidable_amount: 0}
    - {month: 2026-10-01, system_id: b, side: value, basis: cohort, category: direct, amount: 7, avoidable_amount: 0}
    - {month: 2026-10-01, system_id: c, side: value, basis: cohort, category: direct, amount: -2, avoidable_amount: 0}
    - {month: 2026-10-01, system_id: a, side: value, basis: cohort, category: indirect, amount: 5, avoidable_amount: 0}
    - {month: 2026-10-01, system_id: a, side: cost, basis: cash, category: energy, amount: 10, avoidable_amount: 10}
    - {month: 2026-10-01, system_id: a, side: cost, basis: accrual, category: energy, amount: 9, avoidable_amount: 4}
expect:
  ledger_total:
    - {month: 2026-10-01, system_id: a, value: 60, gross_value: null, indirect_value: 5, tco_cash: 10, tco_accrual: 9, avoidable: 4}
    - {month: 2026-10-01, system_id: b, value: null, gross_value: 7, indirect_value: null, tco_cash: null, tco_accrual: null, avoidable: null}
    - {month: 2026-10-01, system_id: c, value: -2, gross_value: -2, indirect_value: null, tco_cash: null, tco_accrual: null, avoidable: null}
    - {month: 2026-10-01, system_id: portfolio, value: 58, gross_value: 5, indirect_value: 5, tco_cash: 10, tco_accrual: 9, avoidable: 4}
*/
