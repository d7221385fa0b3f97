-- What a system counted again for an outcome that it had had a hand in before.
-- grain: month, observed_month, system_id, model_version, serving_mode
select
    month,
    observed_month,
    system_id,
    model_version,
    serving_mode,
    count(*) as outcomes,
    sum(claim) as claim
from shared_claim
where turn > 1
group by month, observed_month, system_id, model_version, serving_mode

/* example
given:
  shared_claim:
    - {shared_key: d1, system_id: a, month: 2026-10-01, claim: 500, turn: 1}
    - {shared_key: d1, system_id: a, month: 2026-10-01, claim: 500, turn: 2}
    - {shared_key: d1, system_id: a, month: 2026-10-01, claim: 480, turn: 3}
expect:
  shared_again: [{month: 2026-10-01, system_id: a, outcomes: 2, claim: 980}]
*/
