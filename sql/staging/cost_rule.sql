-- What the rules of cost_categories.csv say about a set of names and tags; the first match wins for each target.
-- grain: dataset, month, facet
-- computed: once
with looked_at as (
    select
        f.dataset,
        f.month,
        f.facet,
        r.* exclude (dataset, valid_from),
        case r.match_column
            when 'tags' then json_extract_string(
                json_extract_string(f.facet, '$.tags'),
                '/' || replace(replace(coalesce(r.match_key, ''), '~', '~0'), '/', '~1')
            )
            else json_extract_string(f.facet, '/' || r.match_column)
        end as found
    from cost_facet as f
    inner join cost_categories as r
        on r.dataset = f.dataset and (r.valid_from is null or r.valid_from <= f.month)
),

matched as (
    select
        l.dataset,
        l.month,
        l.facet,
        l.rule_order,
        l.allocation_key,
        l.category,
        l.cost_class,
        l.regulatory_category,
        l.cost_pool,
        case when l.system_id = '{value}' then s.system_id else l.system_id end as system_id
    from looked_at as l
    left join systems as s on s.system_id = l.found
    where
        case l.match_op
            when 'equals' then l.found = l.match_value
            when 'glob' then l.found glob l.match_value
            when 'regex' then regexp_matches(l.found, l.match_value)
        end
),

decided as (
    select
        dataset,
        month,
        facet,
        arg_min(
            {system_id: system_id, allocation_key: allocation_key}, rule_order
        ) filter (where system_id is not null or allocation_key is not null) as claim,
        arg_min(category, rule_order) filter (where category is not null) as category,
        arg_min(cost_class, rule_order) filter (where cost_class is not null) as cost_class,
        arg_min(regulatory_category, rule_order)
            filter (where regulatory_category is not null) as regulatory_category,
        arg_min(cost_pool, rule_order) filter (where cost_pool is not null) as cost_pool
    from matched
    group by dataset, month, facet
)

select
    dataset,
    month,
    facet,
    claim.system_id as system_id,
    claim.allocation_key as allocation_key,
    category,
    cost_class,
    regulatory_category,
    cost_pool
from decided

/* example
# The tag names the system when it is one of ours; a wrong tag is claimed by the next rule or nobody.
given:
  systems: [{system_id: card-fraud}]
  cost_categories:
    - {rule_order: 1, dataset: billing, match_column: tags, match_key: system, match_op: glob, match_value: "*", system_id: "{value}"}
    - {rule_order: 2, dataset: billing, match_column: service_name, match_op: equals, match_value: GPU, category: compute, cost_class: opex, cost_pool: serving}
    - {rule_order: 3, dataset: billing, match_column: service_name, match_op: regex, match_value: "^G", category: other, allocation_key: platform}
  billing:
    - {row_no: 1, charge_period_start: 2026-10-01 00:00:00, service_name: GPU, tags: '{"system": "card-fraud"}'}
    - {row_no: 2, charge_period_start: 2026-10-01 00:00:00, service_name: GPU, tags: '{"system": "nobody"}'}
    - {row_no: 3, charge_period_start: 2026-10-01 00:00:00, service_name: DNS}
expect:
  cost_rule:
    - {month: 2026-10-01, system_id: card-fraud, allocation_key: null, category: compute, cost_class: opex, cost_pool: serving}
    - {month: 2026-10-01, system_id: null, allocation_key: platform, category: compute, cost_class: opex, cost_pool: serving}
*/
