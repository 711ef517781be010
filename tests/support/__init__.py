"""What tests of all rooms use: a home directory of their own, real processes and real terminals."""
