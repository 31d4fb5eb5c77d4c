"""`python -m edgebert`: the program, where its command is not on the path."""

from edgebert.cli.main import main

main()
