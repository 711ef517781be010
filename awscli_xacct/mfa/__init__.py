"""MFA codes: where they are prompted for, and what happens to a wrong one."""
