"""The invented district of the demo; ``build`` makes its roster and lists from two TOML files."""
