"""What lists of breaches say about the district's own verified domains."""
