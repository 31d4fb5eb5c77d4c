"""Where weights come from: one module a format, all giving the same `Checkpoint`."""
