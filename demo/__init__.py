"""Show the README's walkthrough, then the accounts of an organization, with the real `aws`: `python -m demo`.

AWS is an embedded one. Every step checks what it shows, so the demo is also the acceptance test of the whole product.
"""
