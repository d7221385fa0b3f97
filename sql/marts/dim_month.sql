-- One calendar month of the portfolio.
-- grain: month
-- closed months: rebuilt
select
    month,
    strftime(month, '%Y-%m') as month_name,
    year(month) as year,
    quarter(month) as quarter,
    month(month) as month_of_year,
    day(last_day(month)) as days,
    exists (select 1 from closing as c where c.month = m.month) as is_closed
from run_month as m

/* example
given:
  run_month: [{month: 2026-10-01}, {month: 2026-11-01}]
  closing: [{month: 2026-10-01}]
expect:
  dim_month:
    - {month: 2026-10-01, month_name: 2026-10, quarter: 4, days: 31, is_closed: true}
    - {month: 2026-11-01, month_name: 2026-11, quarter: 4, days: 30, is_closed: false}
*/
