"""Create a role in another account with the policies on both sides, and undo that."""
