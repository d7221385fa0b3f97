-- What a system served in a month in a serving mode: predictions, tokens, seconds of compute.
-- grain: month, system_id, serving_mode
-- build: whole
select
    month,
    system_id,
    serving_mode,
    sum(predictions) as predictions,
    coalesce(sum(input_tokens), 0) + coalesce(sum(output_tokens), 0) + coalesce(sum(cached_tokens), 0) as tokens,
    coalesce(sum(compute_seconds), 0) as compute_seconds
from usage_cells
group by month, system_id, serving_mode

/* example
# Input tokens are those not read from a cache, as bills count them; a log without seconds has 0.
given:
  usage_cells:
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, serving_mode: batch, predictions: 3, input_tokens: 100, output_tokens: 20, cached_tokens: 5}
    - {month: 2026-10-01, day: 2026-10-03, system_id: s, serving_mode: batch, predictions: 1, input_tokens: 7}
expect:
  mode_usage: [{month: 2026-10-01, system_id: s, serving_mode: batch, predictions: 4, tokens: 132, compute_seconds: 0}]
*/
