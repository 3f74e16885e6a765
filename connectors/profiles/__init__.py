"""Connectors that find public profiles, one module a platform; ``file`` reads lists and exports."""
