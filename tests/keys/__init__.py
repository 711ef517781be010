"""Long-term keys and MFA devices: `xacct keys` and `xacct mfa`."""
