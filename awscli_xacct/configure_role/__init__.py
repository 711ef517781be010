"""``aws configure role …``."""
