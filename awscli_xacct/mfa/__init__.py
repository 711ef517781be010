"""MFA codes: where they are asked for, and what becomes of a wrong one."""
