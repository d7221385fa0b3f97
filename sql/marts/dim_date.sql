-- One day of the portfolio's months.
-- grain: date
select
    cast(d.day as date) as date,
    m.month,
    dayofweek(d.day) as day_of_week,
    day(d.day) as day_of_month
from run_month as m, unnest(generate_series(m.month, last_day(m.month), interval 1 day)) as d (day)
