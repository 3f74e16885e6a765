"""Reports listen to a report model and write it down; they know neither auditor nor connectors."""
