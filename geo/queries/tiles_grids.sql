-- One tile of a layer: drawn outlines of divisions, grids, micro-grids and the points where their labels stand. One
-- statement, so that the revision is the one that the borders were read at. Addresses are those of 512-pixel tiles: what
-- is cut at zoom z is drawn at map zoom z + 1. Names come where the map sets them. What "shape" stands for is in
-- geo/queries/tiles.py.
with bounds as (
    select ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857) as tile,
           ST_Expand(ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857), %(margin)s) as wide
), outline as materialized (
    select id, code, name, level, label_point, {shape} as shape
    from bounds, (
        select d.id, d.code, d.name, d.level, o.label_point,
               case when %(z)s < 13 then o.tile_geom_low else o.tile_geom end as geom
        from drawn_outline o join division d on d.id = o.division_id
        where o.layer_id = %(layer)s and o.tile_geom && (select wide from bounds) and d.geom is null
          and d.level = any(%(levels)s)
    ) drawn
), unit as materialized (
    select id, code, name, kind, is_leaf, parent_id, label_point, {shape} as shape
    from bounds, (
        select v.grid_id as id, g.code, v.name, v.kind, v.is_leaf, v.parent_id, v.label_point,
               case when %(z)s < 14 then v.tile_geom_low else v.tile_geom end as geom
        from grid_version v join grid g on g.id = v.grid_id
        where v.layer_id = %(layer)s and upper_inf(v.valid) and not v.is_remainder
          and v.tile_geom && (select wide from bounds)
          and %(z)s >= 12 and (v.parent_id is null or %(z)s >= 14)
    ) drawn
)
select
    (select revision from layer where id = %(layer)s),
    (select ST_AsMVT(feature, 'outline', 4096, 'geom', 'id') from (
        select id, code, name, level, shape as geom from outline where not ST_IsEmpty(shape)
    ) feature)
    || (select ST_AsMVT(feature, 'outline_label', 4096, 'geom', 'id') from (
        select id, code, name, level, ST_AsMVTGeom(label_point, tile, 4096, 0, true) as geom
        from outline, bounds where label_point && tile
    ) feature)
    || (select ST_AsMVT(feature, 'grid', 4096, 'geom', 'id') from (
        select id, code, kind, shape as geom from unit where parent_id is null and not ST_IsEmpty(shape)
    ) feature)
    || (select ST_AsMVT(feature, 'micro_grid', 4096, 'geom', 'id') from (
        select id, code, kind, shape as geom from unit where parent_id is not null and not ST_IsEmpty(shape)
    ) feature)
    || (select ST_AsMVT(feature, 'grid_label', 4096, 'geom', 'id') from (
        select id, code, name, kind, is_leaf, ST_AsMVTGeom(label_point, tile, 4096, 0, true) as geom
        from unit, bounds where parent_id is null and label_point && tile and %(z)s >= 14
    ) feature)
    || (select ST_AsMVT(feature, 'micro_grid_label', 4096, 'geom', 'id') from (
        select id, code, name, ST_AsMVTGeom(label_point, tile, 4096, 0, true) as geom
        from unit, bounds where parent_id is not null and label_point && tile and %(z)s >= 15
    ) feature)
