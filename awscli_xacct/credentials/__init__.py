"""Credentials of role profiles: the provider botocore asks, the fetcher behind it, the cache before it."""
