"""Files of texts in, files of answers out: work of hours that survives being broken off."""
