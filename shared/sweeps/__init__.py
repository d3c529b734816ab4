"""Scheduled looks at the tenant and at our own work."""
