-- How many outcomes of a month's predictions came in which month: a row of the development triangle (method §3.2).
-- grain: month, observed_month, system_id
select
    month,
    observed_month,
    system_id,
    cast(sum(predictions) as bigint) as outcomes
from outcome_cells
where outcome_type = 'primary' and link = 'linked'
group by month, observed_month, system_id

/* example
# Of October's decisions seven were known in October and two in November; one came after its horizon.
given:
  outcome_cells:
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, outcome_type: primary, link: linked, observed_month: 2026-10-01, predictions: 4}
    - {month: 2026-10-01, day: 2026-10-03, system_id: s, outcome_type: primary, link: linked, observed_month: 2026-10-01, predictions: 3}
    - {month: 2026-10-01, day: 2026-10-30, system_id: s, outcome_type: primary, link: linked, observed_month: 2026-11-01, predictions: 2}
    - {month: 2026-10-01, day: 2026-10-30, system_id: s, outcome_type: primary, link: late, observed_month: 2026-12-01, predictions: 1}
expect:
  outcome_arrival:
    - {month: 2026-10-01, observed_month: 2026-10-01, system_id: s, outcomes: 7}
    - {month: 2026-10-01, observed_month: 2026-11-01, system_id: s, outcomes: 2}
*/
