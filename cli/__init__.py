"""The firebreak command."""
