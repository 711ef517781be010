"""The ``xacct`` command: what has to be quick, or has to work where ``aws`` does not."""
