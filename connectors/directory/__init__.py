"""Directories: where a district keeps its staff, its service accounts and its schools."""
