"""Editing a tessellation that cannot get gaps or overlaps: operations on whole coverages, not on single polygons."""
