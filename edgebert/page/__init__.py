"""One HTML page that needs nothing else: its frame, tables, charts, and text made safe for it."""
