-- How often a model version gave scores of a size on a day: what score drift is measured on.
-- grain: day, system_id, model_version, score_bin
select
    day,
    system_id,
    model_version,
    case -- thousandths the score is below; 1000 holds 1 as well
        when score >= 0.1 and score < 0.9 then 100 * cast(floor(score * 10) + 1 as integer)
        when score >= 0.9 then
            case
                when score < 0.95 then 950
                when score < 0.99 then 990
                when score < 0.999 then 999
                when score <= 1 then 1000
                when score < 10 then 10000
                when score < 100 then 100000
                when score < 1000 then 1000000
                else 1000000000
            end
        when score >= 0.02 then case when score >= 0.05 then 100 else 50 end
        when score >= 0.005 then case when score >= 0.01 then 20 else 10 end
        when score >= 0.001 then case when score >= 0.002 then 5 else 2 end
        when score >= 0 then 1
        else 0
    end as score_bin,
    count(*) as predictions
from prediction
where score is not null and status = 'ok'
group by 1, 2, 3, 4

/* example
# Of three predictions of a day two have a score; one of them is an error.
given:
  scope: [{first_day: 2026-10-01, last_day: 2026-10-31}]
  prediction_log:
    - {prediction_id: p1, day: 2026-10-02, system_id: s, model_version: v, status: ok, score: 0.42, row_no: 1}
    - {prediction_id: p2, day: 2026-10-02, system_id: s, model_version: v, status: error, score: 0.42, row_no: 2}
    - {prediction_id: p3, day: 2026-10-02, system_id: s, model_version: v, status: ok, row_no: 3}
expect:
  score_cells: [{day: 2026-10-02, system_id: s, model_version: v, score_bin: 500, predictions: 1}]
*/
