"""Engine, embedded cluster, migrations."""
