"""Credentials of role profiles: the provider for botocore, the fetcher behind it, and how processes share one fetch."""
