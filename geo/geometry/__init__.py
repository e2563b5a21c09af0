"""Pure functions on shapely and numpy: no database, no web, no clock."""
