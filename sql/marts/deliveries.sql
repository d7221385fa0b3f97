-- One file that was delivered, with what became of its rows.
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
    exists (select 1 from delivery_months as m where m.delivery_id = r.delivery_id and m.is_live) as is_live
from main.deliveries as r
