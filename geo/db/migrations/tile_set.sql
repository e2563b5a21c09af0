-- Base map tiles are cached under the revision in their address: any change of a table they are cut from raises it, once
-- a statement, so that no writer has to think of it. Grids have the revision of their layer instead.
insert into tile_set (name) values ('base');
create function raise_base_tiles() returns trigger language plpgsql security definer set search_path = public as $$
begin
    update tile_set set revision = revision + 1 where name = 'base';
    return null;
end
$$;
do $$
declare
    watched text;
begin
    foreach watched in array array['division', 'street', 'water', 'plot', 'compound', 'building'] loop
        execute format(
            'create trigger base_tiles after insert or update or delete or truncate on %I '
            'for each statement execute function raise_base_tiles()', watched);
    end loop;
end
$$;
