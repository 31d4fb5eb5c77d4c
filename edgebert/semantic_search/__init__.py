"""Search by meaning: an index of a corpus on disk, and the documents nearest to a query."""
