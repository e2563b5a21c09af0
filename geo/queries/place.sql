-- Placement: who is responsible for each of the points, and why. One row a point, in their order.
--
-- {leaves} is the relation of the leaves at the instant asked for, {nearest_leaves} that of the leaf of each index that
-- is nearest to the point (geo/queries/place.py). Every step is a lateral look-up by an index, so one point and ten
-- thousand run the same plan. Distances in metres are taken in a plane that is
-- stretched by the lengths of a degree at the point (geo/geometry/local_metres.py has the formula and its error).
with scope as (
    select coalesce(array_agg(id), '{}') as layer_ids, coalesce(%(as_of)s::timestamptz, now()) as at
    from layer
    where case when %(layer)s::text is null then is_primary else code = %(layer)s::text end
), point as (
    select p.*, st_setsrid(st_makepoint(p.lon, p.lat), 4326) as geom, m.x_m, m.y_m
    from unnest(
        %(lon)s::float8[], %(lat)s::float8[], %(crs)s::text[], %(accuracy_m)s::float8[], %(accuracy_level)s::int[],
        %(reach_m)s::float8[]
    ) with ordinality as p(lon, lat, crs, accuracy_m, accuracy_level, reach_m, ord)
    cross join lateral (select 1 - 0.006694379990141317 * sin(radians(p.lat)) ^ 2 as w2 offset 0) w
    cross join lateral (
        select radians(6378137.0 / sqrt(w2) * cos(radians(p.lat))) as x_m,
               radians(6378137.0 / sqrt(w2) * (1 - 0.006694379990141317) / w2) as y_m
        offset 0
    ) m
)
select p.ord, p.lon, p.lat, p.crs, p.accuracy_m, p.accuracy_level, found.method,
       leaf.id as leaf_version_id, leaf.layer_id, leaf.edition_id,
       unit.grid_id, unit.micro_grid_id, owner.division_id, owner.division_path, branch.id as branch_id,
       edge.distance_m as edge_distance_m, certainty.value as certainty,
       blur.ids as leaf_ids, blur.codes, blur.names, blur.shapes,
       jsonb_build_object(
           'lon', p.lon, 'lat', p.lat, 'crs', p.crs, 'accuracy_m', p.accuracy_m, 'accuracy_level', p.accuracy_level,
           'as_of', %(as_of)s::timestamptz, 'method', found.method, 'certainty', certainty.value,
           'edge_distance_m', edge.distance_m, 'nearest', nearest.answer, 'candidates', candidates.answer,
           'others_share', null,
           'layer', layer.answer, 'edition', edition.answer, 'revision', layer.revision,
           'leaf', unit.leaf, 'micro_grid', unit.micro_grid, 'grid', unit.grid,
           'division', divisions.lowest, 'divisions', divisions.answer,
           'branch', branch.answer, 'branch_chain', coalesce(branch.chain, '[]'), 'party_group', party_group.answer,
           'posts', posts.answer
       ) || case when %(stations)s then jsonb_build_object('stations', (
           select coalesce(jsonb_agg(s.answer order by s.distance_m), '[]') from (
               select round(d.distance_m::numeric, 1) as distance_m,
                      jsonb_build_object('id', s.id, 'code', s.code, 'name', s.name, 'kind', s.kind, 'level', s.level,
                          'address', s.address, 'hours', s.hours, 'lon', st_x(s.geom), 'lat', st_y(s.geom),
                          'distance_m', round(d.distance_m::numeric, 1)) as answer
               from (select * from station where retired_at is null order by geom <-> p.geom limit 12) s
               cross join lateral (select st_distance(s.geom::geography, p.geom::geography) as distance_m) d
           ) s
       )) else '{}' end as answer
from point p
cross join scope
-- The leaves within 1 mm (1e-8 degrees), lowest code first.
-- (Sorted once, below the aggregates: each that sorts for itself costs 10 microseconds a point.)
cross join lateral (
    select array_agg(id) as ids, array_agg(code) as codes, array_agg(name) as names
    from (
        select v.id, g.code, v.name from {leaves} v join grid g on g.id = v.grid_id
        where st_dwithin(v.geom, p.geom, 1e-8) and v.layer_id = any (scope.layer_ids)
        order by g.code collate "C", v.id
    ) v
) hit
-- In no leaf: the lowest division whose border covers the point, ...
left join lateral (
    select d.id, d.path from division d where hit.ids is null and st_covers(d.geom, p.geom)
    order by nlevel(d.path) desc, d.code collate "C" limit 1
) known on true
-- ... the leaf that is nearest in degrees, which bounds ...
left join lateral (
    select v.id, s.distance_m
    from (
        select v.id, v.geom from {nearest_leaves} v order by v.geom <-> p.geom limit 1
    ) v
    cross join lateral (
        select st_distance(st_scale(v.geom, p.x_m, p.y_m), st_scale(p.geom, p.x_m, p.y_m)) as distance_m
    ) s
) rough on true
-- ... the search for the one that is nearest in metres, beyond some kilometres on the ellipsoid, ...
left join lateral (
    (select v.id, g.code, v.name, s.distance_m
    from {leaves} v join grid g on g.id = v.grid_id
    cross join lateral (
        select st_distance(st_scale(v.geom, p.x_m, p.y_m), st_scale(p.geom, p.x_m, p.y_m)) as distance_m
    ) s
    where hit.ids is null and rough.distance_m <= 5000 and v.layer_id = any (scope.layer_ids)
        and st_dwithin(v.geom, p.geom, rough.distance_m / least(p.x_m, p.y_m) + 1e-8)
    order by round(s.distance_m::numeric, 6), g.code collate "C", v.id limit 1)
    union all
    select v.id, g.code, v.name, st_distance(v.geom::geography, p.geom::geography)
    from grid_version v join grid g on g.id = v.grid_id where v.id = rough.id and rough.distance_m > 5000
) near on true
-- ... and the nearest one within reach of snapping that belongs to the point's lowest known division; a point outside
-- all known borders is snapped only to leaves of which no division above has a border.
left join lateral (
    select v.id
    from {leaves} v join grid g on g.id = v.grid_id
    cross join lateral (
        select st_distance(st_scale(v.geom, p.x_m, p.y_m), st_scale(p.geom, p.x_m, p.y_m)) as distance_m
    ) s
    where hit.ids is null and near.distance_m <= %(snap_m)s::float8 and v.layer_id = any (scope.layer_ids)
        and st_dwithin(v.geom, p.geom, %(snap_m)s::float8 / least(p.x_m, p.y_m)) and s.distance_m <= %(snap_m)s::float8
        and case when known.id is not null then v.division_path <@ known.path else not exists (
            select from division d
            where d.id = any (string_to_array(ltree2text(v.division_path), '.')::bigint[]) and d.geom is not null
        ) end
    order by round(s.distance_m::numeric, 6), g.code collate "C", v.id limit 1
) snap on true
cross join lateral (
    select coalesce(hit.ids[1], snap.id) as leaf_id,
           case when cardinality(hit.ids) = 1 then 'covers'
                when cardinality(hit.ids) > 1 then case when exists (
                    select from grid_version v
                    where v.id = any (hit.ids) and st_dwithin(st_boundary(v.geom), p.geom, 1e-8)
                ) then 'edge' else 'covers' end
                when snap.id is not null then 'snapped'
                else 'outside' end as method
    offset 0 -- keeps the planner from repeating the sub-query wherever the method is named
) found
left join grid_version leaf on leaf.id = found.leaf_id
cross join lateral (
    select round((case when leaf.id is null then near.distance_m else st_distance(
        st_scale(st_boundary(leaf.geom), p.x_m, p.y_m), st_scale(p.geom, p.x_m, p.y_m)
    ) end)::numeric, 3)::float8 as distance_m
    offset 0
) edge
cross join lateral (
    select case
        when hit.ids is not null
            then jsonb_build_object('code', hit.codes[1], 'name', hit.names[1], 'distance_m', 0)
        when near.id is not null
            then jsonb_build_object('code', near.code, 'name', near.name,
                'distance_m', round(near.distance_m::numeric, 3)) end as answer
) nearest
-- A blurred fix with an edge in reach: the leaves in reach, the nearest ones if they are very many; their shares are
-- computed by geo/geometry/shares.py.
left join lateral (
    select array_agg(id) as ids, array_agg(code) as codes, array_agg(name) as names, array_agg(shape) as shapes
    from (
        select v.id, g.code, v.name, st_asbinary(v.geom) as shape
        from (
            select v.id, v.grid_id, v.name, v.geom from {leaves} v
            where edge.distance_m <= p.reach_m and v.layer_id = any (scope.layer_ids)
                and st_dwithin(v.geom, p.geom, p.reach_m / least(p.x_m, p.y_m))
            order by v.geom <-> p.geom limit %(candidates)s
        ) v join grid g on g.id = v.grid_id
        order by g.code collate "C", v.id
    ) v
) blur on true
cross join lateral (
    select case when blur.ids is not null then null
                when p.reach_m is not null or found.method in ('covers', 'outside') then 'certain'
                else 'ambiguous' end as value
) certainty
cross join lateral (
    select case
        when hit.ids is null and leaf.id is null
            then jsonb_build_array(jsonb_build_object('code', null, 'name', null,
                'share', case when p.reach_m is not null then 1 end))
        when cardinality(hit.ids) = 1
            then jsonb_build_array(jsonb_build_object('code', hit.codes[1], 'name', hit.names[1],
                'share', case when p.reach_m is not null then 1 end))
        when hit.ids is null
            then jsonb_build_array(jsonb_build_object('code', (select code from grid where id = leaf.grid_id),
                'name', leaf.name, 'share', null))
        else (
            select jsonb_agg(jsonb_build_object('code', c.code, 'name', c.name, 'share', null) order by c.ord)
            from unnest(hit.codes, hit.names) with ordinality as c(code, name, ord)
        ) end as answer
) candidates
-- What the leaf is part of: itself a micro-grid, a grid, or a grid's remainder, whose code is the grid's.
left join lateral (
    select case when leaf.parent_id is null then own.id else whole.id end as grid_id,
           case when leaf.parent_id is not null then own.id end as micro_grid_id,
           jsonb_build_object('code', own.code, 'name', leaf.name, 'level', own.level, 'kind', leaf.kind,
               'is_remainder', leaf.is_remainder) as leaf,
           case when leaf.parent_id is not null
               then jsonb_build_object('code', own.code, 'name', leaf.name, 'kind', leaf.kind) end as micro_grid,
           case when leaf.parent_id is null then jsonb_build_object('code', own.code, 'name', leaf.name, 'kind', leaf.kind)
               else jsonb_build_object('code', whole.code, 'name', version.name, 'kind', version.kind) end as grid
    from grid own
    left join grid whole on whole.id = leaf.parent_id
    left join grid_version version
        on version.grid_id = whole.id and not version.is_remainder and version.valid @> scope.at
    where own.id = leaf.grid_id
    offset 0
) unit on true
left join lateral (
    select jsonb_build_object('code', l.code, 'name', l.name) as answer,
           -- (A first edition may be back-dated: its leaves hold before the instant at which it was published.)
           case when %(as_of)s::timestamptz is null then l.revision else (
               select max(e.revision) from edition e
               where e.layer_id = l.id and (e.published_at <= scope.at or e.id = leaf.edition_id)
           ) end as revision
    from layer l where l.id = leaf.layer_id
) layer on true
left join lateral (
    select jsonb_build_object('id', e.id, 'name', e.name, 'revision', e.revision, 'published_at', e.published_at)
        as answer
    from edition e where e.id = leaf.edition_id
) edition on true
cross join lateral (
    -- (Not coalesce: the planner takes it for a function that might leak what row-level security hides, and then reads
    -- all posts for every point instead of asking their index.)
    select case when leaf.division_id is not null then leaf.division_id else known.id end as division_id,
           coalesce(leaf.division_path, known.path) as division_path
) owner
cross join lateral (
    select string_to_array(ltree2text(owner.division_path), '.')::bigint[] as ids
) ancestry
left join lateral (
    select jsonb_build_object('community', null, 'street', null, 'district', null, 'city', null)
               || coalesce(jsonb_object_agg(d.level, jsonb_build_object('code', d.code, 'name', d.name))
                   filter (where d.id is not null), '{}') as answer,
           (array_agg(jsonb_build_object('code', d.code, 'name', d.name, 'level', d.level))
               filter (where d.id = owner.division_id))[1] as lowest
    from division d where d.id = any (ancestry.ids)
) divisions on true
-- The grid's own branch; where it has none, that of the lowest division that has one.
left join lateral (
    select r.branch_id, r.formation, 'grid' as territory
    from responsible_branch r where r.grid_id = unit.grid_id and r.valid @> scope.at
) own_branch on true
left join lateral (
    select r.branch_id, r.formation, 'division' as territory
    from unnest(ancestry.ids) with ordinality as a(id, step)
    join responsible_branch r on r.division_id = a.id and r.valid @> scope.at
    where own_branch.branch_id is null
    order by a.step desc limit 1
) division_branch on true
left join lateral (
    select b.id,
           jsonb_build_object('code', b.code, 'name', b.name, 'kind', b.kind,
               'formation', coalesce(own_branch.formation, division_branch.formation),
               'territory', coalesce(own_branch.territory, division_branch.territory)) as answer,
           (
               select coalesce(
                   jsonb_agg(jsonb_build_object('code', c.code, 'name', c.name, 'kind', c.kind) order by u.step desc), '[]'
               )
               from unnest(string_to_array(ltree2text(b.path), '.')::bigint[]) with ordinality as u(id, step)
               -- By its number, one by one: the planner would read all branches for each point.
               cross join lateral (select * from branch where id = u.id and id <> b.id offset 0) c
           ) as chain
    from branch b where b.id = coalesce(own_branch.branch_id, division_branch.branch_id)
) branch on true
left join lateral (
    select jsonb_build_object('code', b.code, 'name', b.name, 'kind', b.kind) as answer
    from responsible_branch r join branch b on b.id = r.branch_id
    where r.grid_id = unit.micro_grid_id and r.valid @> scope.at
) party_group on true
cross join lateral (
    select coalesce(jsonb_agg(jsonb_build_object(
               'kind', o.kind, 'name', n.name, 'scope', o.scope, 'territory', o.territory
           ) order by o.rank, o.kind, n.name), '[]') as answer
    from (
        select kind, scope, person_id, 'micro_grid' as territory, 1 as rank from post
        where grid_id = unit.micro_grid_id and valid @> scope.at
        union all
        select kind, scope, person_id, 'grid', 2 from post where grid_id = unit.grid_id and valid @> scope.at
        union all
        select kind, scope, person_id, 'division', 3 from post
        where division_id = owner.division_id and valid @> scope.at
    ) o join person n on n.id = o.person_id
) posts
