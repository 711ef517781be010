"""The `aws configure role` commands."""
