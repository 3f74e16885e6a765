"""The district's own web sites: which accounts they link to."""
