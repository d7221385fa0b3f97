-- Observations of an outcome that a later one replaces; one inside the horizon beats one outside.
-- grain: delivery_id, row_no
-- kept: small, and every superseded observation stays known
with asked as (
    select
        l.prediction_id,
        l.predicted_at,
        l.horizon_at,
        l.day,
        l.system_id,
        l.model_version
    from repeated_log as l
    inner join scope as c on l.day between c.first_day and c.last_day
    anti join superseded_prediction as s on l.delivery_id = s.delivery_id and l.row_no = s.row_no
),

version as (
    select
        o.prediction_id,
        o.outcome_type,
        o.delivery_id,
        o.row_no,
        o.observed_month,
        a.day,
        a.system_id,
        a.model_version,
        row_number() over (
            partition by o.prediction_id, o.outcome_type
            order by
                case when o.observed_at >= a.predicted_at and o.observed_at < a.horizon_at then 0 else 1 end,
                o.observed_at desc,
                v.version desc,
                o.row_no desc
        ) as recency
    from outcome_log as o
    semi join repeated_outcome as r
        on o.prediction_id = r.prediction_id and o.outcome_type = r.outcome_type
    inner join delivery_version as v on o.delivery_id = v.delivery_id
    left join asked as a on o.prediction_id = a.prediction_id
)

select
    prediction_id,
    outcome_type,
    delivery_id,
    row_no,
    observed_month,
    day,
    system_id,
    model_version
from version
where recency > 1
