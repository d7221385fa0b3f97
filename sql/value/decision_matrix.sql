-- Each pair of decision and outcome, under every row of prices.csv that speaks of it.
-- grain: cell_id, driver
-- part of: value_lines
-- driver: decision/outcome (case or amount): every price row that matches; either side may be `*`
-- driver: stated (amount): what outcomes say they are worth
with priced as (
    select distinct
        c.cell_id,
        c.outcome_type,
        c.decision || '/' || c.outcome as pair,
        p.driver as priced_as,
        p.driver || case when m.units > 1 then ' by ' || p.unit else '' end as driver,
        p.unit
    from value_cell as c
    left join prices as p
        on p.system_id = c.system_id
        and c.day between p.valid_from and coalesce(p.valid_to, date '9999-12-31')
        and split_part(p.driver, '/', 1) in ('*', c.decision)
        and split_part(p.driver, '/', 2) in ('*', c.outcome)
        and contains(p.driver, '/')
    left join ( -- one driver may be priced by the case and by the amount: two lines, two names
        select system_id, driver, count(distinct unit) as units from prices group by system_id, driver
    ) as m on m.system_id = p.system_id and m.driver = p.driver
    where c.scenario = 'decision_matrix' and c.outcome_type = 'primary'
),

stated as (
    select distinct system_id
    from prices
    where driver = 'stated'
)

select
    cell_id,
    coalesce(driver, pair) as driver,
    coalesce(priced_as, pair) as priced_as, -- a pair that no price speaks of is counted, so that it stops the run
    coalesce(unit, 'case') as unit,
    case when unit = 'amount' then 'amount' else 'case' end as measure,
    cast(1 as decimal(18, 9)) as factor,
    'direct' as category
from priced
where
    driver is not null
    or cell_id not in (select c.cell_id from value_cell as c inner join stated using (system_id))
union all
select
    c.cell_id,
    'stated',
    'stated',
    'amount',
    'outcome_amount',
    1,
    'direct'
from value_cell as c
inner join stated using (system_id)
where c.scenario = 'decision_matrix'

/* example
# Method §2.0. Two frauds of 500 + 300 blocked at 0.9 of the amount; one honest customer blocked at -12;
# every fraud costs the process before 0.5 of its amount already: -(800 + 40) * 0.5.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems: [{system_id: s, scenario: decision_matrix}]
  prices:
    - {system_id: s, driver: block/fraud, unit: amount, unit_price: 0.9, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: block/legit, unit: case, unit_price: -12, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: "*/fraud", unit: amount, unit_price: -0.5, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: "allow/*", unit: case, unit_price: 0, currency: USD, valid_from: 2026-01-01}
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: block, link: linked, outcome_type: primary, outcome: fraud, observed_month: 2026-10-01, cases: 2, amount: 800}
    - {cell_id: c2, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: block, link: linked, outcome_type: primary, outcome: legit, observed_month: 2026-11-01, cases: 1, amount: 80}
    - {cell_id: c3, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: fraud, observed_month: 2026-11-01, cases: 1, amount: 40}
expect:
  value_priced:
    - {cell_id: c1, driver: block/fraud, quantity: 800, amount: 720}
    - {cell_id: c1, driver: "*/fraud", quantity: 800, amount: -400}
    - {cell_id: c2, driver: block/legit, quantity: 1, amount: -12}
    - {cell_id: c3, driver: "*/fraud", quantity: 40, amount: -20}
    - {cell_id: c3, driver: "allow/*", quantity: 1, amount: 0}
*/
