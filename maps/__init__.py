"""Page shells, layers, styles and browser assets."""
