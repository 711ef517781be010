"""Many role profiles at once: read and write manifests, and plan what one changes in the config."""

MANIFEST, EXTENSION = FORMATS = "manifest", "extend-switch-roles"
"""The formats that an export can write."""
