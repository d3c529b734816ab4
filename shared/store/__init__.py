"""Rows and blobs behind five verbs."""
