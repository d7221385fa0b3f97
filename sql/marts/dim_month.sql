-- One calendar month of the portfolio.
-- grain: month
select
    month,
    strftime(month, '%Y-%m') as month_name,
    year(month) as year,
    quarter(month) as quarter,
    month(month) as month_of_year,
    day(last_day(month)) as days,
    exists (select 1 from closing as c where c.month = m.month) as is_closed
from run_month as m
