"""Compiles a file by Vela: `python run_vela.py FILE CONFIGURATION…`; prints JSON."""

import dataclasses
import json
import sys
from pathlib import Path

from edgebert.converter.vela import compile_file
from edgebert.progress import silent

compiled = [compile_file(Path(sys.argv[1]), name, silent, force=True) for name in sys.argv[2:]]
print(json.dumps([dataclasses.asdict(each) for each in compiled], default=str))
