"""Long checks that are run by hand: each exits with 1 when something is wrong."""
