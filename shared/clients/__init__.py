"""The world, in the words of the domain."""
