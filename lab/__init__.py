"""The simulated tenant and the local stack; never deployed."""
