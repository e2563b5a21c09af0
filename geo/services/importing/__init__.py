"""Importing files a clerk has: read, understand the columns and the coordinate system, check, repair, load."""
