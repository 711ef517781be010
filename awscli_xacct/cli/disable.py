"""``xacct disable``: disable the plugin, for example before the package is uninstalled."""

import argparse
import os
from pathlib import Path

from .. import settings
from ..configfile import store
from ..results import write_lines
from . import plugin_section

HELP = "Disable the plugin; profiles and cached sessions stay."
EXAMPLES = """\
  xacct disable
  xacct disable && pip uninstall awscli-xacct"""


def configure(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001
    path = Path(settings.config_paths(os.environ)[0])
    if not store.edit(path, plugin_section.disable).changed:
        write_lines(f"the plugin is not enabled in {path}")
        return 0
    write_lines(
        f"the plugin is disabled in {path}\n"
        "profiles stay, as plain AWS CLI profiles, and so do cached sessions\n"
        "the package can be uninstalled now"
    )
    return 0
