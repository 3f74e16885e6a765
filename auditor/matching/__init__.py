"""Is this profile branded as ours?  Text made comparable, the gazetteer, a brand, a verdict."""
