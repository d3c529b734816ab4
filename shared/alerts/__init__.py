"""One file is one carrier: recognise, authenticate, parse; pure."""
