"""What a profile's settings mean, for everybody who asks."""
