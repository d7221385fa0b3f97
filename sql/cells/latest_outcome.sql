-- What was known last about a prediction, for each type of outcome.
-- grain: prediction_id, outcome_type
select o.*
from outcome_log as o
anti join superseded_outcome as s on o.delivery_id = s.delivery_id and o.row_no = s.row_no
