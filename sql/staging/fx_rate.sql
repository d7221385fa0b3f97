-- What one unit of a currency is worth in the reporting currency, from a business day on until the next; after 31 days without one it is unknown.
-- grain: currency, rated_on
with quote as (
    select "on" as rated_on, base, currency, rate from fx
    union all
    select distinct "on" as rated_on, base, base as currency, cast(1 as decimal(18, 9)) as rate from fx
),

crossed as ( -- by whole division, so that the fifteenth decimal of a small rate is right
    select
        q.currency,
        q.rated_on,
        cast(cast(r.rate as decimal(38, 9)) * 1000000000 as hugeint) * 1000000000000000 as numerator,
        cast(cast(q.rate as decimal(38, 9)) * 1000000000 as hugeint) as denominator,
        lead(q.rated_on) over (partition by q.currency order by q.rated_on) as next_on
    from quote as q
    inner join quote as r on r.rated_on = q.rated_on and r.base = q.base
    inner join setting as s on s.reporting_currency = r.currency
    where q.currency <> s.reporting_currency
)

select
    currency,
    rated_on,
    cast(
        cast((2 * numerator + denominator) // (2 * denominator) as decimal(38, 0)) * 0.000000000000001
        as decimal(24, 15)
    ) as rate
from crossed
union all
select
    currency,
    rated_on + 32,
    null
from crossed
where next_on is null or next_on > rated_on + 32

/* example
# 1 EUR = 1.25 USD = 160 JPY, so that 1 USD is 0.8 EUR and 1 JPY is 0.0078125 USD; 31 days later nobody knows.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx:
    - {"on": 2026-10-02, base: EUR, currency: USD, rate: 1.25}
    - {"on": 2026-10-02, base: EUR, currency: JPY, rate: 160}
expect:
  fx_rate:
    - {currency: EUR, rated_on: 2026-10-02, rate: 1.25}
    - {currency: JPY, rated_on: 2026-10-02, rate: 0.0078125}
    - {currency: EUR, rated_on: 2026-11-03, rate: null}
    - {currency: JPY, rated_on: 2026-11-03, rate: null}
*/
