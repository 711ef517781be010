"""A user's long-term access keys: where they rest, moving them into the system's key store, and rotating them."""
