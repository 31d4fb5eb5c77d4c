"""BERTs whose every tensor is an integer, for devices that have no floating point."""
