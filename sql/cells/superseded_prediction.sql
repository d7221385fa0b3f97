-- The versions of a prediction that a later delivered version replaces.
-- grain: delivery_id, row_no
-- kept: tiny, and the proof that each prediction is counted once
with version as (
    select
        l.prediction_id,
        l.delivery_id,
        l.row_no,
        l.day,
        l.system_id,
        l.model_version,
        row_number() over (
            partition by l.prediction_id
            order by v.version desc, l.row_no desc
        ) as recency
    from repeated_log as l
    semi join repeated_prediction as r on l.prediction_id = r.prediction_id
    inner join delivery_version as v on l.delivery_id = v.delivery_id
)

select
    prediction_id,
    delivery_id,
    row_no,
    day,
    system_id,
    model_version
from version
where recency > 1
