"""Many accounts at once: manifests, organizations, and the roles that lead into accounts."""
