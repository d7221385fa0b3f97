-- What a kind of billing line meters where it charges for tokens: what the bill states of the token, else what its meter is called.
-- grain: sku_meter, sku_price_details, consumed_unit, service_category
with stated as ( -- FOCUS 1.4 states direction and cache action, others a type of token
    select
        *,
        case when json_valid(sku_price_details) then sku_price_details end as details,
        details ->> '$.TokenType' as token_type,
        details ->> '$.TokenDirection' as direction,
        details ->> '$.TokenCacheAction' as action,
        case
            when lower(action) = 'uncached' then coalesce(direction, 'input')
            when action is not null then concat_ws(' ', 'cache', action, direction)
            when direction is not null then concat_ws(' ', direction, 'tokens', sku_meter)
        end as direction_and_action
    from (select distinct sku_meter, sku_price_details, consumed_unit, service_category from billing)
),

named as (
    select *, unnest([direction_and_action, token_type, sku_meter]) as name, unnest([1, 2, 3]) as place
    from stated
),

spelled as ( -- 'CacheReadInputTokenCount' is ' cache read input token count '; a cache that was missed is none
    select
        *,
        regexp_replace(lower(regexp_replace(name, '([a-z0-9])([A-Z])', '\1 \2', 'g')), '[^a-z0-9]+', ' ', 'g') as plain,
        regexp_replace(
            ' ' || plain || ' ',
            ' (un|non|not|no|without) (cache|cached|caching) | (cache|cached) (miss|misses) ', ' uncached '
        ) as words
    from named
),

parsed as (
    select
        *,
        regexp_matches(words, ' (cache|cached|caching|cchd) ') as is_cached,
        regexp_matches(words, ' (write|writes|writing|written|creation) ') as is_written,
        regexp_matches(words, ' (reasoning|thinking|thoughts?) tokens? | output reasoning |^ reasoning ') as is_reasoned,
        coalesce( -- the word before `tokens`, else the first that says it
            nullif(regexp_extract(words, ' (in|out|inp|opt|input|output|outp|prompt|completion)s? tokens? ', 1), ''),
            nullif(regexp_extract(words, ' (inp|inpt|input|outp|outpt|opt|output)s? ', 1), ''),
            nullif(regexp_extract(words, ' (prompt|completion)s? $', 1), '')
        ) as way
    from spelled
),

metered as (
    select
        *,
        case
            when regexp_matches(words, ' (storage|stored|hours?) ') then null -- held in a cache, by time
            when regexp_matches(words, ' (inputs?|prompts?) (and |or )?(outputs?|completions?) ') then null -- of both
            when is_cached and is_written then 'cache_write'
            when is_cached and left(way, 1) in ('o', 'c') then 'cached_output'
            when is_cached then 'cached'
            when left(way, 1) in ('i', 'p') or (way is null and words like '% uncached %') then 'input'
            when is_reasoned then 'reasoning'
            when way is not null then 'output'
        end as meter
    from parsed
)

select
    sku_meter, sku_price_details, consumed_unit, service_category,
    first(meter order by place) filter (where meter is not null) as meter
from metered
group by sku_meter, sku_price_details, consumed_unit, service_category
having case
    when consumed_unit ilike '%token%' then consumed_unit not ilike '%hour%'
    when lower(consumed_unit) not in ('1', 'count', 'unit', 'units') then false
    when bool_or(coalesce(token_type, direction) is not null or words like '% token %' or words like '% tokens %') then true
    else consumed_unit is null and service_category = 'AI and Machine Learning' and bool_or(way is not null)
end

/* example
# By the token type that is stated; by the name of the meter where none is; gigabytes and cache nodes are no tokens.
given:
  billing:
    - {row_no: 1, sku_meter: Input Tokens, sku_price_details: '{"TokenDirection": "Input", "TokenCacheAction": "Read"}', consumed_unit: Tokens}
    - {row_no: 2, sku_meter: uncached_input_tokens, service_category: AI and Machine Learning}
    - {row_no: 3, sku_meter: cache_creation.ephemeral_5m_input_tokens, service_category: AI and Machine Learning}
    - {row_no: 4, sku_meter: "model-x, cached input", service_category: AI and Machine Learning}
    - {row_no: 5, sku_meter: "USE1-MP:USE1_CacheReadInputTokenCount-Units", consumed_unit: 1M tokens}
    - {row_no: 6, sku_meter: Output Cache, consumed_unit: Tokens}
    - {row_no: 7, sku_meter: Reasoning Tokens, consumed_unit: Tokens}
    - {row_no: 8, sku_meter: model x opt Glbl Tokens}
    - {row_no: 9, sku_meter: DataTransfer-Out, consumed_unit: GB}
    - {row_no: 10, sku_meter: C1 Cache, service_category: AI and Machine Learning}
expect:
  token_meter:
    - {sku_meter: Input Tokens, meter: cached}
    - {sku_meter: uncached_input_tokens, meter: input}
    - {sku_meter: cache_creation.ephemeral_5m_input_tokens, meter: cache_write}
    - {sku_meter: "model-x, cached input", meter: cached}
    - {sku_meter: "USE1-MP:USE1_CacheReadInputTokenCount-Units", meter: cached}
    - {sku_meter: Output Cache, meter: cached_output}
    - {sku_meter: Reasoning Tokens, meter: reasoning}
    - {sku_meter: model x opt Glbl Tokens, meter: output}
*/
