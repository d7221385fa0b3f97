-- What the systems served on a day: how many predictions, how fast, with how much compute.
-- grain: day, system_id, model_version, serving_mode, decision, arm, status, latency_ms_bucket
select
    day,
    system_id,
    model_version,
    serving_mode,
    decision,
    arm,
    status,
    case
        when latency_ms < 100 then
            case
                when latency_ms >= 50 then 100
                when latency_ms >= 20 then 50
                when latency_ms >= 10 then 20
                when latency_ms >= 5 then 10
                when latency_ms >= 2 then 5
                when latency_ms >= 1 then 2
                else 1
            end
        when latency_ms < 200 then 200
        when latency_ms < 500 then 500
        when latency_ms < 1000 then 1000
        when latency_ms < 2000 then 2000
        when latency_ms < 5000 then 5000
        when latency_ms < 10000 then 10000
        when latency_ms >= 10000 then 1000000
    end as latency_ms_bucket,
    count(*) as predictions,
    cast(sum(weight) as decimal(38, 6)) as cases,
    cast(sum(input_tokens) as decimal(38, 0)) as input_tokens,
    cast(sum(output_tokens) as decimal(38, 0)) as output_tokens,
    cast(sum(cached_tokens) as decimal(38, 0)) as cached_tokens,
    cast(sum(compute_seconds) as decimal(38, 6)) as compute_seconds
from prediction
group by 1, 2, 3, 4, 5, 6, 7, 8

/* example
# Two calls of 7 and 12 ms on one day fall into two latency buckets.
given:
  scope: [{first_day: 2026-10-01, last_day: 2026-10-31}]
  prediction_log:
    - {prediction_id: p1, day: 2026-10-02, system_id: s, latency_ms: 7, weight: 1, input_tokens: 100, compute_seconds: 0.5, row_no: 1}
    - {prediction_id: p2, day: 2026-10-02, system_id: s, latency_ms: 12, weight: 1, input_tokens: 200, compute_seconds: 0.25, row_no: 2}
    - {prediction_id: p3, day: 2026-09-30, system_id: s, latency_ms: 12, weight: 1, input_tokens: 900, compute_seconds: 9, row_no: 3}
expect:
  usage_cells:
    - {day: 2026-10-02, latency_ms_bucket: 10, predictions: 1, input_tokens: 100, compute_seconds: 0.5}
    - {day: 2026-10-02, latency_ms_bucket: 20, predictions: 1, input_tokens: 200, compute_seconds: 0.25}
*/
