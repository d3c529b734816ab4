"""The doctor: whether everything is there that the app needs to do its work."""
