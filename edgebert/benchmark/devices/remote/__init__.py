"""Programs that run on an ssh device, sent there as text: standard library alone, Python 3.10."""
