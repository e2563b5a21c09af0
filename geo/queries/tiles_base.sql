-- One tile of the base map: known borders of divisions, water, plots, compounds, buildings, streets and their names.
-- Rows are found by the index on geom (WGS 84): a box in one system is a box in the other. Streets are collected by
-- kind, so that a browser strokes a few long paths; for names their stretches are joined, or no name would fit on one.
with bounds as (
    select ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857) as tile,
           ST_Transform(ST_Expand(ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857), %(margin)s), 4326)
               as wide
), border as materialized (
    select id, code, name, level, label_point,
           case when %(z)s < 12 then coalesce(tile_geom_low, tile_geom) else tile_geom end as geom
    from division where geom && (select wide from bounds) and level = any(%(levels)s)
), stretch as materialized (
    select name, kind, is_bridge, tile_geom from street
    where geom && (select wide from bounds) and kind = any(%(street_kinds)s)
), estate as materialized (
    select id, name, kind, tile_geom, ST_PointOnSurface(tile_geom) as label_point
    from compound where geom && (select wide from bounds) and %(z)s >= 14
)
select
    (select revision from tile_set where name = 'base'),
    (select ST_AsMVT(feature, 'water', 4096, 'geom', 'id') from (
        select id, name, ST_AsMVTGeom(tile_geom, tile, 4096, 64, true) as geom
        from water, bounds where water.geom && wide and %(z)s >= 7 and ST_Area(tile_geom) > 16 * %(pixel)s ^ 2
    ) feature)
    || (select ST_AsMVT(feature, 'plot', 4096, 'geom', 'id') from (
        select id, use, ST_AsMVTGeom(tile_geom, tile, 4096, 64, true) as geom
        from plot, bounds where plot.geom && wide and %(z)s >= 13 and use <> 'residential'
    ) feature)
    || (select ST_AsMVT(feature, 'compound', 4096, 'geom', 'id') from (
        select id, kind, ST_AsMVTGeom(tile_geom, tile, 4096, 64, true) as geom from estate, bounds
    ) feature)
    || (select ST_AsMVT(feature, 'building', 4096, 'geom', 'id') from (
        select id, ST_AsMVTGeom(tile_geom, tile, 4096, 64, true) as geom
        from building, bounds where building.geom && wide and %(z)s >= 15
    ) feature)
    || (select ST_AsMVT(feature, 'street', 4096, 'geom') from (
        select kind, is_bridge, ST_AsMVTGeom(ST_Collect(tile_geom), tile, 4096, 64, true) as geom
        from stretch, bounds group by kind, is_bridge, tile
    ) feature)
    || (select ST_AsMVT(feature, 'street_label', 4096, 'geom') from (
        select kind, name, ST_AsMVTGeom(ST_LineMerge(ST_Collect(tile_geom)), tile, 4096, 0, true) as geom
        from stretch, bounds where name is not null and %(z)s >= 12 group by kind, name, tile
    ) feature)
    || (select ST_AsMVT(feature, 'division', 4096, 'geom', 'id') from (
        select id, level, ST_AsMVTGeom(geom, tile, 4096, 64, true) as geom from border, bounds
    ) feature)
    || (select ST_AsMVT(feature, 'division_label', 4096, 'geom', 'id') from (
        select id, code, name, level, ST_AsMVTGeom(label_point, tile, 4096, 0, true) as geom
        from border, bounds where label_point && tile
    ) feature)
    || (select ST_AsMVT(feature, 'compound_label', 4096, 'geom', 'id') from (
        select id, name, ST_AsMVTGeom(label_point, tile, 4096, 0, true) as geom
        from estate, bounds where label_point && tile
    ) feature)
    || (select ST_AsMVT(feature, 'water_label', 4096, 'geom', 'id') from (
        select id, name, ST_AsMVTGeom(ST_PointOnSurface(ST_Intersection(tile_geom, tile)), tile, 4096, 0, true) as geom
        from water, bounds where water.geom && wide and %(z)s >= 12 and name is not null
    ) feature)
