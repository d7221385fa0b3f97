-- One file that was delivered, with what became of its rows; the tables people edit are in the inputs' checksum instead.
-- grain: dataset, delivery_id
select
    dataset,
    delivery_id,
    source_id,
    path,
    format,
    file_sha256,
    exported_at,
    bytes,
    rows_read,
    rows_accepted,
    rows_quarantined,
    rows_superseded,
    money_total,
    residue,
    notes ->> 'corrects' as corrects,
    array_to_string(cast(notes -> 'corrections' as varchar[]), ', ') as corrections,
    exists (select 1 from delivery_months as m where m.delivery_id = r.delivery_id and m.is_live) as is_live
from receipt as r
where r.dataset in ('billing', 'capex', 'asset_events', 'operating_costs', 'predictions', 'outcomes', 'fx')
    and ((r.notes ->> 'withdrawn') is null or (r.notes ->> 'corrects') is not null)

/* example
given:
  receipt: [{dataset: billing, delivery_id: a, source_id: aws, rows_read: 3, rows_accepted: 2, rows_quarantined: 1, rows_superseded: 0}, {dataset: billing, delivery_id: b, source_id: aws, notes: '{"corrects": "a", "corrections": ["typo", "sign"]}'}, {dataset: prices, delivery_id: p}, {dataset: billing, delivery_id: w, source_id: aws, notes: '{"withdrawn": true}'}]
  delivery_months: [{dataset: billing, delivery_id: a, month: 2026-10-01, is_live: false}, {dataset: billing, delivery_id: b, month: 2026-10-01, is_live: true}]
expect:
  marts.deliveries:
    - {dataset: billing, delivery_id: a, rows_read: 3, rows_accepted: 2, rows_quarantined: 1, corrects: null, corrections: null, is_live: false}
    - {dataset: billing, delivery_id: b, rows_read: null, rows_accepted: null, rows_quarantined: null, corrects: a, corrections: "typo, sign", is_live: true}
*/
