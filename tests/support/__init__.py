"""What tests of all kinds are made with: a home directory of their own, real processes, real terminals."""
