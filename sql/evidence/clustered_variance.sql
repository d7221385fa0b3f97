-- How uncertain a value is where decisions of one day stand or fall together: days are the units, not decisions (method §4.2); driver '' is all of them.
-- grain: month, system_id, model_version, serving_mode, is_control, propensity, driver
with known as (
    select c.*
    from value_cell as c
    semi join (select system_id from systems where cluster_by = 'day') as s using (system_id)
    where c.open_cell_id is null and coalesce(c.propensity, 1) = 1
),

counted as (
    select
        month, system_id, model_version, serving_mode, is_control, propensity, day,
        coalesce(sum(predictions) filter (where outcome_type = 'primary'), 0) as n
    from known
    group by month, system_id, model_version, serving_mode, is_control, propensity, day
),

stratum as (
    select
        month, system_id, model_version, serving_mode, is_control, propensity,
        count(*) as days,
        sum(n) as n,
        sum(n ** 2) as n_squared
    from counted
    group by month, system_id, model_version, serving_mode, is_control, propensity
),

brought as (
    select
        c.month, c.system_id, c.model_version, c.serving_mode, c.is_control, c.propensity, c.day,
        coalesce(p.driver, '') as driver,
        sum(p.amount) as amount
    from known as c
    inner join value_priced as p using (cell_id)
    where p.category = 'direct'
    group by c.month, c.system_id, c.model_version, c.serving_mode, c.is_control, c.propensity, c.day,
        grouping sets ((p.driver), ())
)

select
    s.month, s.system_id, s.model_version, s.serving_mode, s.is_control, s.propensity, b.driver,
    greatest(0, -- what days brought beyond their number of decisions: sum (T - n * mean) ** 2
        sum(b.amount ** 2)
        - 2 * sum(b.amount * c.n) * (sum(b.amount) / nullif(s.n, 0))
        + s.n_squared * (sum(b.amount) / nullif(s.n, 0)) ** 2
    ) * s.days / nullif(s.days - 1, 0) as variance
from stratum as s
inner join counted as c
    on c.month = s.month and c.system_id = s.system_id
    and c.model_version = s.model_version and c.serving_mode = s.serving_mode
    and c.is_control = s.is_control and c.propensity is not distinct from s.propensity
inner join brought as b
    on b.month = c.month and b.system_id = c.system_id and b.day = c.day
    and b.model_version = c.model_version and b.serving_mode = c.serving_mode
    and b.is_control = c.is_control and b.propensity is not distinct from c.propensity
group by s.month, s.system_id, s.model_version, s.serving_mode, s.is_control, s.propensity, b.driver,
    s.days, s.n, s.n_squared

/* example
# Two decisions on each of two days, 4 and 0: a mean of 1, so days are off by 2 and -2, (4 + 4) * 2 / 1. By
# single decisions it would be (8 - 16 / 4) * 4 / 3. System t does not ask for it.
given:
  systems: [{system_id: s, scenario: x, cluster_by: day}, {system_id: t, scenario: x}]
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: b, link: linked, outcome_type: primary, outcome: f, predictions: 2, cases: 2}
    - {cell_id: c2, month: 2026-10-01, day: 2026-10-03, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: b, link: linked, outcome_type: primary, outcome: l, predictions: 2, cases: 2}
    - {cell_id: t1, month: 2026-10-01, day: 2026-10-02, system_id: t, model_version: v, serving_mode: batch, status: ok, decision: b, link: linked, outcome_type: primary, outcome: f, predictions: 2, cases: 2}
  value_priced:
    - {cell_id: c1, driver: hit, category: direct, measure: case, unit_price: 2, rate: 1, factor: 1, amount: 4}
    - {cell_id: t1, driver: hit, category: direct, measure: case, unit_price: 2, rate: 1, factor: 1, amount: 4}
expect:
  clustered_variance:
    - {system_id: s, driver: "", variance: 16}
    - {system_id: s, driver: hit, variance: 16}
*/
