-- What a cell counts for a driver, at the price in force on the day of the prediction.
-- grain: cell_id, driver
with counted as (
    select
        c.*,
        l.driver,
        l.priced_as,
        l.unit,
        l.measure,
        l.factor,
        l.category,
        case l.measure
            when 'case' then c.cases
            when 'amount' then coalesce(c.amount, 0)
            when 'outcome_amount' then coalesce(c.outcome_amount, 0)
            when 'outcome_quantity' then coalesce(c.outcome_quantity, 0)
        end as measured
    from value_lines as l
    inner join value_cell as c using (cell_id)
),

priced as (
    select
        c.*,
        p.unit_price,
        s.reporting_currency,
        case when c.measure like '%amount' then coalesce(c.currency, p.currency) else p.currency end as money
    from counted as c
    cross join setting as s
    left join prices as p
        on p.system_id = c.system_id
        and p.driver = c.priced_as
        and p.unit = c.unit
        and c.day between p.valid_from and coalesce(p.valid_to, date '9999-12-31')
)

select
    p.cell_id,
    p.open_cell_id,
    p.month,
    p.day,
    p.observed_month,
    p.system_id,
    p.model_version,
    p.serving_mode,
    p.decision,
    p.outcome,
    p.driver,
    p.priced_as,
    p.measure,
    p.factor,
    p.category,
    p.unit,
    p.unit_price,
    case when p.money = p.reporting_currency then 1 else x.rate end as rate,
    p.money as currency,
    cast(p.measured * p.factor as decimal(38, 9)) as quantity,
    cast(
        cast(p.measured * p.factor as decimal(38, 9))
        * case when p.money = p.reporting_currency then p.unit_price else cast(p.unit_price * x.rate as decimal(28, 9)) end
        as decimal(38, 18)
    ) as amount
from priced as p
asof left join fx_rate as x on x.currency = p.money and x.rated_on <= p.day
