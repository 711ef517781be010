"""The user's AWS config files: reading them as botocore does, and editing them without loss."""
