"""Private files: cache records, markers and locks."""
