"""How fast, how large and how right models are on a device: latency, memory, accuracy, energy."""
