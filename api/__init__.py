"""HTTP API, command line and jobs."""
