-- The gains and the losses of a month's known outcomes by the month in which they came, as absolute amounts (method §3.2).
-- grain: system_id, sign, month, observed_month
select
    system_id,
    case when amount < 0 then 'loss' else 'gain' end as sign,
    month,
    observed_month,
    abs(sum(amount)) as amount
from value_priced
where open_cell_id is null and category = 'direct' and amount <> 0
group by system_id, case when amount < 0 then 'loss' else 'gain' end, month, observed_month

/* example
# 500 and 300 gained in October and 20 lost in November; what open predictions could be worth is no arrival.
given:
  value_priced:
    - {month: 2026-10-01, observed_month: 2026-10-01, system_id: s, category: direct, amount: 500}
    - {month: 2026-10-01, observed_month: 2026-10-01, system_id: s, category: direct, amount: 300}
    - {month: 2026-10-01, observed_month: 2026-11-01, system_id: s, category: direct, amount: -20}
    - {month: 2026-10-01, observed_month: 2026-11-01, system_id: s, category: direct, open_cell_id: c9, amount: 70}
    - {month: 2026-10-01, observed_month: 2026-11-01, system_id: s, category: indirect, amount: 9}
expect:
  value_arrival:
    - {system_id: s, sign: gain, month: 2026-10-01, observed_month: 2026-10-01, amount: 800}
    - {system_id: s, sign: loss, month: 2026-10-01, observed_month: 2026-11-01, amount: 20}
*/
