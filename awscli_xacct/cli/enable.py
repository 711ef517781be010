"""``xacct enable``: turn the plugin on in the `aws` that is there, if that `aws` can bear it."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from .. import settings
from ..configfile import store
from ..errors import XacctError
from ..messages import printable
from . import embedded, installations, plugin_section, probes
from .installations import Installation

HELP = "Turn the plugin on for the aws on the PATH, of version 1 or 2."
EXAMPLES = """\
  xacct enable
  xacct enable --v2
  xacct enable --aws /opt/bin/aws

  The edit is tried with that aws, and with the others that read the same file, before it is made."""


_PATIENCE = 60
"""Seconds that the `aws` in question has: what it cannot do in them it is not taken to be able to bear."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--aws", metavar="PATH", help="the aws to turn it on for")
    parser.add_argument("--v2", action="store_true", help="take the first aws of version 2 on the PATH")


def run(options: argparse.Namespace) -> int:
    environment = os.environ
    found = installations.find(environment)
    host = choose(found, options.aws, environment, v2=options.v2)
    path = config_path(environment)
    change = partial(plugin_section.turn_on, v2=host.is_v2)
    planned = store.preview(path, change)
    others = [other for other in found if other.real != host.real]
    _try(host, others, planned, environment)
    done = store.edit(path, change)
    state = "is on" if done.changed else "was on already"
    sys.stdout.write(f"the plugin {state} for {host}, in {path}\n")
    states = probes.map_concurrently(lambda other: _state(other, environment), others)
    for other, state in zip(others, states, strict=True):
        sys.stdout.write(f"there is {other}, too: {state}\n")
    for one in embedded.find(environment, [host, *others]):
        sys.stdout.write(f"{printable(str(one))}. Put it there:\n  {one.fix}\n")
    if environment.get(settings.DISABLE_VARIABLE, "") not in ("", "0"):
        sys.stdout.write(
            f"{settings.DISABLE_VARIABLE} is set and keeps it off: unset {settings.DISABLE_VARIABLE}\n"
        )
    if done.changed:
        sys.stdout.write("try it: aws configure role list; turn it off with: xacct disable\n")
    return 0


def config_path(environment: Mapping[str, str]) -> Path:
    """The config file that `aws` reads."""
    return store.locate(environment.get("AWS_CONFIG_FILE"), settings.DEFAULT_CONFIG_FILE)


def choose(
    found: Sequence[Installation], named: str | None, environment: Mapping[str, str], *, v2: bool
) -> Installation:
    """The `aws` that is meant. Raises `XacctError`."""
    if named:
        path = Path(named).expanduser().absolute()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise XacctError(f"{path} is no program; name an aws: xacct enable --aws PATH")
        candidates = [installations.look_at(path, environment)]
    else:
        candidates = list(found)
    if not candidates:
        raise XacctError("there is no aws on the PATH; name it: xacct enable --aws PATH")
    chosen = [host for host in candidates if host.is_v2] if v2 else candidates
    if not chosen:
        raise XacctError(
            f"none is of version 2: {', '.join(map(str, candidates))}. Name it: xacct enable --aws PATH"
        )
    host = chosen[0]
    if not host.version:
        raise XacctError(f"{host.path} {host.trouble}\nlook at: {shlex.quote(str(host.path))} --version")
    return host


def _try(
    host: Installation, others: Sequence[Installation], planned: store.Edit, environment: Mapping[str, str]
) -> None:
    """Raise `XacctError` if the edit would leave an `aws` without the plugin, or dead. Nothing is written yet."""
    with plugin_section.trial(planned.after, environment) as after:
        sign = plugin_section.sign_of_life(host, after, _PATIENCE)
        dead = _dead(others, after)
    if sign.code:
        raise XacctError(_refusal(host, planned, sign.reason, environment))
    with plugin_section.trial(planned.before, environment) as before:
        were_dead = _dead(dead, before)  # of something else
    for other in dead:
        if other in were_dead:
            continue
        raise XacctError(
            f"{other} reads the same file, does not find the plugin, and would end in a traceback; {planned.path} is "
            f"as it was. Install it there as well:\n  {other.how_to_install()}\n"
            f"or give that aws a file of its own, by AWS_CONFIG_FILE"
        )


def _dead(others: Sequence[Installation], environment: Mapping[str, str]) -> list[Installation]:
    """Those that do not run; one that never did is none of them."""
    alive = [other for other in others if other.version]
    runs = probes.map_concurrently(lambda other: other.run("--version", environment=environment), alive)
    return [other for other, run in zip(alive, runs, strict=True) if run.code]


def _refusal(host: Installation, planned: store.Edit, reason: str, environment: Mapping[str, str]) -> str:
    with plugin_section.trial(planned.before, environment) as before:
        bare = host.run("configure", "list-profiles" if host.is_v2 else "list", environment=before)
    left = f"{planned.path} is as it was"
    if bare.code and not _names_us(bare.reason):
        return f"{host} fails without the plugin, too, so it was not turned on; {left}. It says:\n  {bare.reason}"
    if _names_us(reason):
        return f"{host} does not find the plugin; {left}. Install it there:\n  {host.how_to_install()}"
    return (
        f"{host} does not work with the plugin; {left}. It says:\n  {reason}\n"
        f"See all of it: xacct doctor --aws {shlex.quote(str(host.path))}"
    )


def _names_us(reason: str) -> bool:
    return f"No module named '{installations.MODULE}'" in reason


def _state(other: Installation, environment: Mapping[str, str]) -> str:
    if not other.version:
        return f"it {other.trouble}"
    if plugin_section.sign_of_life(other, environment).code == 0:
        return "the plugin is on there as well"
    return f"for it, type: xacct enable --aws {shlex.quote(str(other.path))}"
