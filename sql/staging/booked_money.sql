-- What the books hold of each delivered unit, in the unit it came in: a currency, or `predictions` for the log.
-- grain: month, dataset, source_id, currency, system_id
select
    month,
    source as dataset,
    source_id,
    currency,
    system_id,
    sum(original_amount) as amount
from cost_share
where basis = 'cash'
group by month, source, source_id, currency, system_id
union all
select
    month,
    'predictions',
    'all',
    'predictions',
    system_id,
    cast(sum(predictions) as decimal(38, 18))
from outcome_cells
where outcome_type = 'primary'
group by month, system_id
union all
select
    month,
    'predictions',
    'all',
    'predictions',
    'superseded',
    cast(sum(predictions) as decimal(38, 18))
from superseded_cells
group by month
