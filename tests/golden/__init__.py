"""What other programs, and later versions of this one, read: files on disk and JSON output, held to the letter."""
