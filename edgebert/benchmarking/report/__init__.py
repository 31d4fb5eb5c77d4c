"""A benchmark report for people: in a terminal, as CSV, as a page."""
