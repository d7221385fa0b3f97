-- What a system counted again for an outcome that it had had a hand in before.
-- grain: month, observed_month, system_id, model_version, serving_mode
select
    month,
    observed_month,
    system_id,
    model_version,
    serving_mode,
    cast(sum(predictions - cast(turn = 1 as bigint)) as bigint) as outcomes,
    sum(claim * (predictions - cast(turn = 1 as bigint))) as claim
from shared_claim
where turn > 1 or predictions > 1
group by month, observed_month, system_id, model_version, serving_mode

/* example
# d1 was counted again at 480, d2 by two decisions of one instant, at 70 each.
given:
  shared_claim:
    - {shared_key: d1, system_id: a, month: 2026-10-01, predictions: 1, claim: 500, turn: 1}
    - {shared_key: d1, system_id: a, month: 2026-10-01, predictions: 1, claim: 480, turn: 2}
    - {shared_key: d2, system_id: a, month: 2026-10-01, predictions: 2, claim: 70, turn: 1}
expect:
  shared_again: [{month: 2026-10-01, system_id: a, outcomes: 2, claim: 550}]
*/
