-- How uncertain what a driver brought is: the spread of its predictions, and the error of the baseline it is set against.
-- grain: month, system_id, model_version, serving_mode, driver
with stratum as (
    select month, system_id, model_version, serving_mode, is_control, propensity, sum(predictions) as n
    from value_cell
    where open_cell_id is null and outcome_type = 'primary'
    group by month, system_id, model_version, serving_mode, is_control, propensity
),

spread as (
    select
        c.month, c.system_id, c.model_version, c.serving_mode, c.is_control, c.propensity, p.driver,
        sum(p.amount) as amount,
        sum(
            c.mean_weight * (p.unit_price * p.rate * 1e0 * p.factor) ** 2
            * case p.measure
                when 'case' then c.cases
                when 'amount' then c.amount_squared
                when 'outcome_amount' then c.outcome_amount_squared
                when 'outcome_quantity' then c.outcome_quantity_squared
            end
        ) as sum_squares
    from value_priced as p
    inner join value_cell as c using (cell_id)
    where c.open_cell_id is null
    group by c.month, c.system_id, c.model_version, c.serving_mode, c.is_control, c.propensity, p.driver
),

part as (
    select
        s.month, s.system_id, s.model_version, s.serving_mode, s.driver,
        case -- as in value_month
            when s.propensity < 1 then s.sum_squares * (1 - s.propensity)
            else coalesce(k.variance, greatest(0, (s.sum_squares - s.amount ** 2 / nullif(n.n, 0)) * n.n / nullif(n.n - 1, 0)))
        end as variance
    from spread as s
    left join stratum as n
        on n.month = s.month and n.system_id = s.system_id
        and n.model_version = s.model_version and n.serving_mode = s.serving_mode
        and n.is_control = s.is_control and n.propensity is not distinct from s.propensity
    left join clustered_variance as k
        on k.month = s.month and k.system_id = s.system_id and k.driver = s.driver
        and k.model_version = s.model_version and k.serving_mode = s.serving_mode
        and k.is_control = s.is_control and k.propensity is not distinct from s.propensity
    union all
    select
        p.month, p.system_id, p.model_version, p.serving_mode, p.driver,
        (sum(p.amount) * any_value(b.standard_error / nullif(b.value, 0))) ** 2
    from value_priced as p
    inner join baseline_in_force as b on b.system_id = p.system_id and b.metric = p.baseline_metric
    where p.open_cell_id is null
    group by p.month, p.system_id, p.model_version, p.serving_mode, p.driver, p.baseline_metric
)

select
    month,
    system_id,
    model_version,
    serving_mode,
    driver,
    round(sum(variance), 6) as variance
from part
group by month, system_id, model_version, serving_mode, driver

/* example
# Two of the driver's cases at 5 among the four known: squares 50, mean 2.5, so (50 - 100 / 4) * 4 / 3. The
# baseline of 0.5, give or take 0.1, took 20 away: 4 squared.
given:
  systems: [{system_id: s, scenario: own}]
  baselines: [{system_id: s, version: v1, metric: recall, value: 0.5, standard_error: 0.1, window_end: 2025-12-31}]
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: b, link: linked, outcome_type: primary, outcome: f, predictions: 2, cases: 2}
    - {cell_id: c2, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: b, link: linked, outcome_type: primary, outcome: l, predictions: 2, cases: 2}
  value_priced:
    - {cell_id: c1, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, driver: hit, measure: case, unit_price: 5, rate: 1, factor: 1, amount: 10}
    - {cell_id: c1, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, driver: baseline_hit, measure: case, baseline_metric: recall, amount: -20}
expect:
  driver_variance:
    - {driver: hit, variance: 33.333333}
    - {driver: baseline_hit, variance: 16}
*/
