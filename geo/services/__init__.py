"""Verbs of the domain: take a session first, flush, never commit, raise GeoError."""
