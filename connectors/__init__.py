"""Connectors read sources and speak in records; they know neither the auditor nor the reports."""
