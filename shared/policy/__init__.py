"""What may be done to whom: the document, the decision, the brakes."""
