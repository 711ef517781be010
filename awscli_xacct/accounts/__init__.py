"""Many accounts at once: what a manifest asks for, what that would change, and writing manifests."""
