-- How many delivered versions of a prediction a day lost to a later version, so that every delivered row is accounted for.
-- grain: day, system_id
select
    day,
    system_id,
    count(*) as predictions
from superseded_prediction
group by 1, 2
