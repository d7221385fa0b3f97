-- Every prediction of the months once: of an id delivered more than once, the last version.
-- grain: prediction_id
select l.*
from prediction_log as l
inner join scope as c on l.day between c.first_day and c.last_day
anti join superseded_prediction as s on l.delivery_id = s.delivery_id and l.row_no = s.row_no
