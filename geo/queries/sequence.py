"""The sequencer's statements: one leader stamps committed events with a dense, growing ``seq``."""

# A number that nothing else in this database locks: "wangge" in ASCII, low bits.
LEAD = "select pg_try_advisory_lock(20011961)"

# Only committed events are seen; the oldest first. Dense: the next numbers after the highest.
STAMP = """
update issue_event e set seq = s.seq
from (
    select id, (select coalesce(max(seq), 0) from issue_event) + row_number() over (order by id) as seq
    from (select id from issue_event where seq is null order by id limit %(most)s) waiting
) s
where e.id = s.id
"""
