"""Tells what this Python and its machine are, as one line of JSON."""

import importlib.util
import json
import os
import platform
import sys
from pathlib import Path

cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
facts = {
    "executable": sys.executable,
    "version": list(sys.version_info[:3]),
    "machine": platform.machine(),
    "bits": 64 if sys.maxsize > 2**32 else 32,
    "venv": all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
    "cache": str(cache / "edgebert" / "device"),
}
sys.stdout.write(json.dumps(facts) + "\n")
