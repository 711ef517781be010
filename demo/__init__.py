"""Show the plugin with the real `aws` and `xacct`: `python -m demo`, or `make demo`.

AWS is simulated. Every step checks what it shows, so the demo is also the acceptance test of the whole product.
`python -m demo --record docs/demo.svg`, or `make recording`, records the first part for the README.
"""
