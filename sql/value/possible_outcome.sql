-- What an open prediction of a system could turn out to be: what was seen so far, or, before anything was seen, what its prices and its owner speak of.
-- grain: system_id, outcome
with seen as (
    select distinct
        system_id,
        outcome
    from outcome_cells
    where link = 'linked' and outcome_type = 'primary'
        and coalesce(month <= (select max(month) from run_month), true) -- a look back knows no later month
),

priced as (
    select distinct
        system_id,
        split_part(driver, '/', 2) as outcome
    from prices
    where contains(driver, '/') and split_part(driver, '/', 2) <> '*'
),

named as ( -- without such prices: what counts as positive, and anything else
    select
        system_id,
        unnest(list_append(positive_outcomes, 'any other')) as outcome
    from systems
    anti join priced using (system_id)
    where positive_outcomes is not null
)

select * from seen
union all
select d.*
from (select * from priced union all select * from named) as d
anti join seen using (system_id)

/* example
# Of a nothing was seen yet, and its prices speak of two outcomes; b's owner names fraud; c was seen.
given:
  systems: [{system_id: a}, {system_id: b, positive_outcomes: [fraud]}, {system_id: c, positive_outcomes: [fraud]}]
  prices:
    - {system_id: a, driver: block/fraud, unit: case, unit_price: 5, valid_from: 2026-01-01}
    - {system_id: a, driver: "*/legit", unit: case, unit_price: -1, valid_from: 2026-01-01}
    - {system_id: b, driver: alert_reviewed, unit: case, unit_price: -3, valid_from: 2026-01-01}
  outcome_cells: [{cell_id: c1, month: 2026-10-01, system_id: c, link: linked, outcome_type: primary, outcome: legit}]
expect:
  possible_outcome:
    - {system_id: a, outcome: fraud}
    - {system_id: a, outcome: legit}
    - {system_id: b, outcome: fraud}
    - {system_id: b, outcome: any other}
    - {system_id: c, outcome: legit}
*/
