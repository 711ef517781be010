"""``xacct disable``: turn the plugin off, as before the package is uninstalled."""

from __future__ import annotations

import argparse
import os
import sys

from ..configfile import store
from . import plugin_section
from .enable import config_path

HELP = "Turn the plugin off; profiles and cached sessions stay."
EXAMPLES = """\
  xacct disable
  xacct disable && pip uninstall awscli-xacct"""


def configure(parser: argparse.ArgumentParser) -> None:
    """It takes no options."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001
    path = config_path(os.environ)
    done = store.edit(path, plugin_section.turn_off)
    if not done.changed:
        sys.stdout.write(f"the plugin is not on in {path}\n")
        return 0
    sys.stdout.write(
        f"the plugin is off in {path}; profiles stay and work as stock has them, and so do the sessions that are "
        f"cached. The package may be uninstalled now\n"
    )
    return 0
