"""Making a role in another account, and the policies on both sides."""
