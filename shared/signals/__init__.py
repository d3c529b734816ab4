"""What the app measures and traces of itself."""
