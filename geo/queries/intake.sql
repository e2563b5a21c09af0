-- Intake: places reports and stores each with its reporter, issue, receipt and first event, all in one statement.
--
-- A report that is there already changes nothing and comes back without an issue. Rows are inserted in the order of
-- their ids, so that two statements with the same reports wait for each other instead of dead-locking. A receipt that
-- still lacks its shares (certainty is null) isn't stored here but by the statement in geo/queries/intake.py, in the
-- same transaction.
with input as (
    select distinct on (id) *
    from unnest(
        %(id)s::uuid[], %(category)s::text[], %(description)s::text[], %(observed_at)s::timestamptz[],
        %(received_at)s::timestamptz[], %(external_code)s::text[], %(source)s::text[], %(reporter)s::text[],
        %(contact)s::text[], %(raw_lon)s::float8[], %(raw_lat)s::float8[], %(for_public)s::bool[]
    ) with ordinality as i(
        id, category, description, observed_at, received_at, external_code, source, reporter, contact, raw_lon, raw_lat,
        for_public, ord
    )
    order by id, ord
), placed as (
    {place}
), new_report as (
    insert into report (
        id, category, description, geom, accuracy_m, observed_at, received_at, external_code, source
    )
    select i.id, i.category, i.description, st_setsrid(st_makepoint(p.lon, p.lat), 4326), p.accuracy_m, i.observed_at,
           coalesce(i.received_at, now()), i.external_code, i.source
    from input i join placed p using (ord)
    order by i.id
    on conflict do nothing
    returning id, geom, category, received_at, source
), new_reporter as (
    insert into reporter (report_id, name, contact, raw_lon, raw_lat, raw_crs, accuracy_level)
    select i.id, i.reporter, i.contact, i.raw_lon, i.raw_lat, p.crs, p.accuracy_level
    from new_report r join input i using (id) join placed p using (ord)
), new_issue as (
    insert into issue (
        report_id, category, geom, layer_id, leaf_version_id, grid_id, micro_grid_id, division_id, division_path,
        branch_id, opened_at, source
    )
    select r.id, r.category, r.geom, p.layer_id, p.leaf_version_id, p.grid_id, p.micro_grid_id, p.division_id,
           p.division_path, p.branch_id, r.received_at, r.source
    from new_report r join input i using (id) join placed p using (ord)
    order by i.ord
    returning id, report_id, opened_at, division_path
), new_placement as (
    insert into placement (
        issue_id, cause, method, edition_id, leaf_version_id, edge_distance_m, certainty, receipt
    )
    select n.id, %(cause)s, p.method, p.edition_id, p.leaf_version_id, p.edge_distance_m, p.certainty, p.answer
    from new_issue n join input i on i.id = n.report_id join placed p using (ord)
    where p.certainty is not null
), new_event as (
    insert into issue_event (issue_id, kind, at, division_path)
    select id, 'opened', opened_at, division_path from new_issue order by id
)
select i.ord, i.id, n.id as issue_id, n.opened_at as received_at, p.method, p.edition_id, p.leaf_version_id,
       p.lon, p.lat, p.accuracy_m, p.accuracy_level, p.edge_distance_m, p.certainty, p.leaf_ids, p.codes, p.names,
       p.shapes,
       whole.it as is_whole, (case when whole.it then p.answer else p.answer || %(hidden)s end)::text as answer
from input i join placed p using (ord) left join new_issue n on n.report_id = i.id
cross join lateral (select not i.for_public or p.certainty is null as it) whole
order by i.ord
