-- How many outcomes that came in a month belong to no prediction of the books within its horizon.
-- grain: month
with came as (
    select month, sum(outcomes) as outcomes
    from observed_cells
    group by month
),

claimed as ( -- by predictions of that month and of those before
    select observed_month as month, sum(predictions) as outcomes
    from outcome_cells
    where observed_month is not null
    group by observed_month
),

replaced as (
    select observed_month as month, sum(outcomes) as outcomes
    from superseded_cells
    where observed_month is not null
    group by observed_month
)

select
    c.month,
    c.outcomes - coalesce(k.outcomes, 0) - coalesce(r.outcomes, 0) as orphan_outcomes
from came as c
left join claimed as k using (month)
left join replaced as r using (month)

/* example
# Of ten outcomes of November seven belong to predictions of October, and one is an older version.
given:
  observed_cells: [{month: 2026-11-01, day: 2026-11-01, outcomes: 10}]
  outcome_cells:
    - {month: 2026-10-01, observed_month: 2026-11-01, link: linked, predictions: 7}
    - {month: 2026-10-01, observed_month: 2026-10-01, link: linked, predictions: 5}
  superseded_cells: [{month: 2026-10-01, observed_month: 2026-11-01, outcomes: 1}]
expect:
  orphan_outcome: [{month: 2026-11-01, orphan_outcomes: 2}]
*/
