"""Benchmarks, `wangge bench CASE`: a module a case, whose rows compare with a peer, side by side in one run."""

from api.bench.rows import Row, as_json, rates

__all__ = ["Row", "as_json", "rates"]
