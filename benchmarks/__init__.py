"""Measure what the plugin costs and saves, as ratios to the stock CLI in the same run."""

import awscli  # noqa: F401 - since 1.46 it is what makes `import botocore` work
