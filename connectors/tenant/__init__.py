"""What the district's own tenant knows: which apps were signed in to with a district account."""
