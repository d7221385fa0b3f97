-- The few ids that were delivered more than once.
-- grain: prediction_id
-- kept: read twice, and tiny
select prediction_id
from prediction_log
group by prediction_id
having count(*) > 1
