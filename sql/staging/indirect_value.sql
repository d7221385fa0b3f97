-- What people say a system is worth in a month beyond what is measured, and how sure they are; without an amount it is listed, not zero.
-- grain: month, system_id, driver
with stated as (
    select
        m.month,
        i.*
    from indirect_values as i
    inner join run_month as m
        on m.month between date_trunc('month', i.valid_from)
        and coalesce(i.valid_to, date '9999-12-31')
    qualify row_number() over (partition by m.month, i.system_id, i.driver order by i.valid_from desc) = 1
)

select
    i.delivery_id,
    i.row_no,
    i.month,
    i.system_id,
    i.driver,
    i.monthly_amount as stated_amount,
    i.currency as stated_currency,
    i.confidence,
    cast(
        i.monthly_amount * case when i.currency = s.reporting_currency then 1 else x.rate end as decimal(28, 9)
    ) as full_amount,
    cast(
        i.confidence
        * cast(
            i.monthly_amount * case when i.currency = s.reporting_currency then 1 else x.rate end as decimal(28, 9)
        ) as decimal(38, 18)
    ) as amount,
    i.method,
    i.owner,
    i.source_document,
    s.reporting_currency as currency
from stated as i
cross join setting as s
asof left join fx_rate as x on x.currency = i.currency and x.rated_on <= i.month

/* example
# W25: 80,000 of satisfaction believed by half, 60,000 of speed by 30 %, a brand nobody can put a number on.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-09-01}, {month: 2026-10-01}]
  indirect_values:
    - {system_id: s, driver: satisfaction, monthly_amount: 80000, currency: USD, confidence: 0.5, method: survey, owner: care, valid_from: 2026-10-01}
    - {system_id: s, driver: speed, monthly_amount: 60000, currency: USD, confidence: 0.3, method: trial, owner: care, valid_from: 2026-10-15}
    - {system_id: s, driver: brand, method: none yet, owner: marketing, valid_from: 2026-09-01, valid_to: 2026-09-30}
    - {system_id: s, driver: brand, method: none yet, owner: board, valid_from: 2026-10-01}
expect:
  indirect_value:
    - {month: 2026-10-01, driver: satisfaction, full_amount: 80000, confidence: 0.5, amount: 40000, owner: care}
    - {month: 2026-10-01, driver: speed, full_amount: 60000, confidence: 0.3, amount: 18000, owner: care}
    - {month: 2026-09-01, driver: brand, full_amount: null, confidence: null, amount: null, owner: marketing}
    - {month: 2026-10-01, driver: brand, full_amount: null, confidence: null, amount: null, owner: board}
*/
