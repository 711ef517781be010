"""What the plugin costs and saves, as ratios against the stock CLI, both measured in the same run."""
