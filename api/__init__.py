"""HTTP API, command line and jobs."""

__version__ = "0.1.0"
