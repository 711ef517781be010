"""The accounts of an organization, and names for their profiles."""
