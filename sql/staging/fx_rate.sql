-- What one unit of a currency is worth in the reporting currency, from a business day on until the next.
-- grain: currency, rated_on
with quote as (
    select "on" as rated_on, base, currency, rate from fx
    union all
    select distinct "on" as rated_on, base, base as currency, cast(1 as decimal(18, 9)) as rate from fx
)

select
    q.currency,
    q.rated_on,
    cast(r.rate / q.rate as decimal(20, 9)) as rate
from quote as q
inner join quote as r on r.rated_on = q.rated_on and r.base = q.base
inner join setting as s on s.reporting_currency = r.currency
where q.currency <> s.reporting_currency

/* example
# 1 EUR = 1.25 USD = 160 JPY, so that 1 USD is 0.8 EUR and 1 JPY is 0.0078125 USD.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx:
    - {"on": 2026-10-02, base: EUR, currency: USD, rate: 1.25}
    - {"on": 2026-10-02, base: EUR, currency: JPY, rate: 160}
expect:
  fx_rate:
    - {currency: EUR, rated_on: 2026-10-02, rate: 1.25}
    - {currency: JPY, rated_on: 2026-10-02, rate: 0.0078125}
*/
