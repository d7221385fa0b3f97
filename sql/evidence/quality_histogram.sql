-- How many predictions of a model version in a month fell into a bin of latency, of outcome delay or of score.
-- grain: month, system_id, model_version, measure, upper_edge
select
    month,
    system_id,
    model_version,
    'latency_ms' as measure,
    latency_ms_bucket as upper_edge,
    cast(sum(predictions) as bigint) as predictions
from usage_cells
where latency_ms_bucket is not null
group by month, system_id, model_version, latency_ms_bucket
union all
select
    month,
    system_id,
    model_version,
    'delay_days',
    delay_days,
    cast(sum(predictions) as bigint)
from outcome_cells
where link = 'linked' and outcome_type = 'primary' and delay_days is not null
group by month, system_id, model_version, delay_days
union all
select
    month,
    system_id,
    model_version,
    'score', -- in thousandths
    score_bin,
    cast(sum(predictions) as bigint)
from score_cells
where score_bin is not null
group by month, system_id, model_version, score_bin

/* example
# Five calls of up to 20 ms, one that no log timed; three outcomes within 4 days, one pending; two scores below 0.95.
given:
  usage_cells:
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, latency_ms_bucket: 20, predictions: 3}
    - {month: 2026-10-01, day: 2026-10-03, system_id: s, model_version: v, latency_ms_bucket: 20, predictions: 2}
    - {month: 2026-10-01, day: 2026-10-03, system_id: s, model_version: v, predictions: 1}
  outcome_cells:
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, outcome_type: primary, link: linked, delay_days: 4, predictions: 3}
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, outcome_type: primary, link: pending, predictions: 1}
  score_cells: [{month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, score_bin: 950, predictions: 2}]
expect:
  quality_histogram:
    - {month: 2026-10-01, system_id: s, model_version: v, measure: latency_ms, upper_edge: 20, predictions: 5}
    - {month: 2026-10-01, system_id: s, model_version: v, measure: delay_days, upper_edge: 4, predictions: 3}
    - {month: 2026-10-01, system_id: s, model_version: v, measure: score, upper_edge: 950, predictions: 2}
*/
