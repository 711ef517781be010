"""The README's walkthrough, played with the real `aws` against an AWS of its own: `python -m demo`.

Each promise is checked while it is played, so it is the acceptance test of the whole as well.
"""
