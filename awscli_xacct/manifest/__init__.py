"""Many accounts at once: what a manifest asks for, what that would change, and writing manifests."""

MANIFEST, EXTENSION = FORMATS = "manifest", "extend-switch-roles"
"""What an export can write."""
