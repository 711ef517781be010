"""Two acts with the real `aws` against an AWS of their own: `python -m demo`.

The README's walkthrough, and the accounts of an organization after it.

Each promise is checked while it is played, so it is the acceptance test of the whole as well.
"""
