-- What the application role may do. Receipts and the history of issues are append-only for it: of an event it may only
-- stamp the sequence number.
grant usage on schema public to wangge_app;
grant select, insert, update, delete on all tables in schema public to wangge_app;
grant usage, select on all sequences in schema public to wangge_app;
grant execute on all functions in schema public to wangge_app;
revoke insert, update, delete on alembic_version, spatial_ref_sys from wangge_app;
revoke update, delete on placement, issue_event, grid_lineage, audit_entry from wangge_app;
grant update (seq) on issue_event to wangge_app;
