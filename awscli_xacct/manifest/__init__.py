"""Many role profiles at once: read and write manifests, and plan what one changes in the config."""

MANIFEST, EXTENSION = "manifest", "extend-switch-roles"
TERRAFORM, STEAMPIPE, MERMAID = GENERATED = "terraform", "steampipe", "mermaid"
"""The formats that are written only, as a whole."""
FORMATS = (MANIFEST, EXTENSION, *GENERATED)
"""The formats that an export can write."""
