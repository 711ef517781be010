"""Files on disk and JSON output that other programs and later versions read, compared byte for byte."""
