-- The part of a charge or an invoice that belongs to a month, by days; the parts add up to the whole exactly.
-- grain: dataset, delivery_id, row_no, month
-- computed: once
with spanning as (
    select 'billing' as dataset, delivery_id, row_no, start_on, end_on, effective_cost as whole
    from charge
    where date_trunc('month', start_on) < date_trunc('month', end_on - 1)
    union all
    select 'operating_costs', delivery_id, row_no, start_on, end_on, amount
    from entry
    where date_trunc('month', start_on) < date_trunc('month', end_on - 1)
),

month_part as (
    select
        s.*,
        cast(m.month as date) as month,
        greatest(s.start_on, cast(m.month as date)) as from_on,
        least(s.end_on, cast(m.month + interval 1 month as date)) as to_on
    from spanning as s,
        unnest(generate_series(
            date_trunc('month', s.start_on), date_trunc('month', s.end_on - 1), interval 1 month
        )) as m (month)
),

point as ( -- what has accrued by the start and by the end of the part, in billionths, by whole division
    select
        *,
        cast(cast(whole as decimal(38, 9)) * 1000000000 as hugeint) as billionths,
        billionths * (from_on - start_on) // (end_on - start_on) as billionths_before,
        billionths * (to_on - start_on) // (end_on - start_on) as billionths_after
    from month_part
)

select
    dataset,
    delivery_id,
    row_no,
    month,
    cast(cast(billionths_before as decimal(38, 0)) * 0.000000001 as decimal(38, 18)) as amount_before,
    case
        when to_on = end_on then whole
        else cast(cast(billionths_after as decimal(38, 0)) * 0.000000001 as decimal(38, 18))
    end - amount_before as amount
from point

/* example
# 100 over 3 days in October and 1 in November: 75 and 25. One third of a cent is not lost.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  operating_costs:
    - {row_no: 1, document_on: 2026-10-29, service_start: 2026-10-29, service_end: 2026-11-01, amount: 100, currency: USD, category: licence, system_id: s}
    - {row_no: 2, document_on: 2026-10-31, service_start: 2026-10-31, service_end: 2026-11-02, amount: 1, currency: USD, category: licence, system_id: s}
    - {row_no: 3, document_on: 2026-10-31, service_start: 2026-10-01, service_end: 2026-10-31, amount: 1, currency: USD, category: licence, system_id: s}
expect:
  cost_spread:
    - {row_no: 1, month: 2026-10-01, amount: 75}
    - {row_no: 1, month: 2026-11-01, amount: 25}
    - {row_no: 2, month: 2026-10-01, amount: 0.333333333}
    - {row_no: 2, month: 2026-11-01, amount: 0.666666667}
*/
