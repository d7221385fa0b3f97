-- One category of cost.
-- grain: category
select
    category,
    case when min(cost_class) = max(cost_class) then min(cost_class) else 'mixed' end as cost_class,
    case
        when min(regulatory_category) = max(regulatory_category) then min(regulatory_category)
    end as regulatory_category,
    case when min(cost_pool) = max(cost_pool) and count(cost_pool) = count(*) then min(cost_pool) end as cost_pool
from ledger_monthly
semi join run_month using (month)
where side = 'cost'
group by category

/* example
given:
  run_month: [{month: 2026-10-01}]
  ledger_monthly:
    - {month: 2026-10-01, side: cost, category: compute, cost_class: opex}
    - {month: 2026-10-01, side: cost, category: compute, cost_class: lease}
    - {month: 2026-10-01, side: value, category: direct}
expect:
  dim_cost_category: [{category: compute, cost_class: mixed, regulatory_category: null}]
*/
