"""List the accounts of an organization and name their profiles."""
