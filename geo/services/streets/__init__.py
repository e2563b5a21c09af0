"""Street files read, stored and turned into walking networks."""
