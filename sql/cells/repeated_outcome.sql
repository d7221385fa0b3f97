-- The few (prediction, outcome type) pairs that were observed more than once.
-- grain: prediction_id, outcome_type
-- kept: read twice, and small
select
    prediction_id,
    outcome_type
from outcome_log
group by prediction_id, outcome_type
having count(*) > 1
