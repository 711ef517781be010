"""botocore's loader as the judge, as for config texts."""

from tests.configfile.conftest import botocore_profiles, botocore_reads, scratch

__all__ = ["botocore_profiles", "botocore_reads", "scratch"]
