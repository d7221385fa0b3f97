-- A month in which a system without a baseline, a holdout or a release lost money gross: a loss counts, a gain is unknown (method §4.1).
-- grain: month, system_id
-- build: view
select
    l.month,
    l.system_id,
    sum(l.amount) as amount
from ledger_monthly as l
anti join evidence_grade as g on g.system_id = l.system_id
anti join evidence_month as e on e.month = l.belongs_month and e.system_id = l.system_id
where l.side = 'value' and l.basis = 'cohort' and l.category = 'direct'
group by l.month, l.system_id
having sum(l.amount) < 0

/* example
# a has a baseline, b lost 3 gross, c gained.
given:
  evidence_grade: [{system_id: a, evidence_grade: C, is_incremental: true}]
  ledger_monthly:
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: a, side: value, basis: cohort, category: direct, amount: -5}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: b, side: value, basis: cohort, category: direct, amount: 7}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: b, side: value, basis: cohort, category: direct, amount: -10}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: c, side: value, basis: cohort, category: direct, amount: 7}
expect:
  gross_loss: [{month: 2026-10-01, system_id: b, amount: -3}]
*/
