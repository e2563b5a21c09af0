"""SQL that touches geometry; the only place with ``ST_*``."""
