"""The maker of the synthetic demo city."""
