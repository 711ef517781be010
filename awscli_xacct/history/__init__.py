"""The record of the sessions obtained: who used which role, from when to when, through which program."""
