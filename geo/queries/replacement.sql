-- Re-placement: places open issues anew and stores what differs, all in one statement.
--
-- An issue keeps its receipt where the owner is the same: only its leaf is brought up to date. A receipt that still
-- lacks its shares (certainty is null) comes back and is stored by the statement in geo/queries/intake.py.
with input as (
    select * from unnest(%(issue_id)s::bigint[]) with ordinality as i(issue_id, ord)
), before as (
    select i.* from issue i where i.id = any (%(issue_id)s::bigint[]) and i.state <> 'closed' order by i.id for update
), placed as (
    {place}
), found as (
    select n.issue_id, p.*,
           (b.grid_id, b.micro_grid_id, b.division_id, b.branch_id)
               is distinct from (p.grid_id, p.micro_grid_id, p.division_id, p.branch_id) as has_new_owner,
           jsonb_build_object('grid_id', b.grid_id, 'micro_grid_id', b.micro_grid_id, 'division_id', b.division_id,
               'branch_id', b.branch_id) as old_owner
    from input n join before b on b.id = n.issue_id join placed p using (ord)
), updated as (
    update issue i
    set layer_id = f.layer_id, leaf_version_id = f.leaf_version_id, grid_id = f.grid_id,
        micro_grid_id = f.micro_grid_id, division_id = f.division_id, division_path = f.division_path,
        branch_id = f.branch_id
    -- The array again: of the rows found the planner knows nothing, and would read every issue there is.
    from found f where f.issue_id = i.id and i.id = any (%(issue_id)s::bigint[])
), new_placement as (
    insert into placement (
        issue_id, cause, method, edition_id, leaf_version_id, edge_distance_m, certainty, receipt
    )
    select issue_id, 'publish', method, edition_id, leaf_version_id, edge_distance_m, certainty, answer
    from found where has_new_owner and certainty is not null
), new_event as (
    insert into issue_event (issue_id, kind, division_path, payload)
    select issue_id, 'replaced', division_path, jsonb_build_object('from', old_owner, 'to', jsonb_build_object(
        'grid_id', grid_id, 'micro_grid_id', micro_grid_id, 'division_id', division_id, 'branch_id', branch_id))
    from found where has_new_owner order by issue_id
)
-- What is stored needn't come back: a receipt has a hundred times the bytes of the rest.
select issue_id, lon, lat, accuracy_m, accuracy_level, method, edition_id, leaf_version_id, edge_distance_m, certainty,
       leaf_ids, codes, names, shapes, case when certainty is null then answer end as answer
from found where has_new_owner order by issue_id
