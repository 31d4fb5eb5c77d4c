"""One engine a module, each run in an environment of its own by `worker.py`.

A module has `load(model, vocabulary)`, which gives what `interface.Engine` describes. None of them
may import edgebert or tools, but `edgebert_int8`.
"""
