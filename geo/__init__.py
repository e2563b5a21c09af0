"""The spatial core: geometry, models, queries and services."""
