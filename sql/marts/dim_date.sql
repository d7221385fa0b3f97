-- One day of the portfolio's months.
-- grain: date
select
    cast(d.day as date) as date,
    m.month,
    dayofweek(d.day) as day_of_week,
    day(d.day) as day_of_month
from run_month as m, unnest(generate_series(m.month, last_day(m.month), interval 1 day)) as d (day)

/* example
# Sunday is 0.
given:
  run_month: [{month: 2026-02-01}]
  setting: [{reporting_currency: USD, time_zone: UTC}]
expect:
  (select date, day_of_week, count(*) over () as days from dim_date) where date = '2026-02-28':
    - {date: 2026-02-28, day_of_week: 6, days: 28}
*/
