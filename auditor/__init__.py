"""The auditor: joins directory, evidence and registry into findings with a grade and a reason."""

__version__ = "0.1.0"
