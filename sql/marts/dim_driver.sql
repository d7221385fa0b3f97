-- One driver of cost or value: what is counted, and whether its amounts may be added over months.
-- grain: side, driver
select
    side,
    driver,
    min(unit) as unit,
    case when min(category) = max(category) then min(category) else 'mixed' end as category,
    'additive' as additivity,
    'amount and quantity add over months, systems and versions; never over basis' as note
from ledger_monthly
semi join run_month using (month)
group by side, driver
