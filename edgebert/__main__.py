"""`python -m edgebert`: the program, where its command is not on the path."""

from edgebert.cli.program import main

main()
