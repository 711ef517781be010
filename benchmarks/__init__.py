"""What the plugin costs and saves, as ratios against the stock CLI, both measured in the same run."""

import awscli  # noqa: F401 - since 1.46 it is what makes `import botocore` work
