"""Parse, edit and replace the user's AWS config files as text. Nothing here knows what a role is."""
