"""What `xacct doctor` looks at, one module for each kind of thing. No check changes anything."""
