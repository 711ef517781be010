"""``xacct mfa enroll``: a virtual MFA device for a user, from its QR code to the profiles that use it."""

import argparse

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles, make_header
from ..error_codes import FAILED
from ..errors import CannotPromptError, UsageError, XacctError
from ..keys.enrollment import enroll_device, render_qr_code, secret_of
from ..keys.place import Files
from ..messages import listed, print_message, subcommand
from ..mfa import terminal
from ..mfa.codes import is_code
from ..profiles.source import Profiles, is_role
from ..results import write_lines
from ..xacct_program import install_command
from .resolve import read_config
from .user_key import explaining_refusals, locate_key, make_clients

HELP = "Create a virtual MFA device for a user, and set it in the user's profiles."


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", metavar="ACTION", choices=("enroll",), help="%(choices)s")
    parser.add_argument("profile", metavar="PROFILE", nargs="?", help="the profile with the user's key")
    parser.add_argument(
        "--device-name",
        metavar="NAME",
        help="the device's name (default: the user's); needed for a second device",
    )
    parser.add_argument(
        "--roles",
        action="store_true",
        help="set the device for the role profiles that have this profile as their source and no device yet, too",
    )


def run(options: argparse.Namespace) -> int:
    """Enroll a device."""
    profile = options.profile
    if not profile:
        raise UsageError("no profile given: xacct mfa enroll PROFILE")
    if not terminal.is_available():
        text = "a person has to enter codes of the device, and there is no terminal to ask on"
        raise CannotPromptError(text, profile=profile)
    _, key = locate_key(profile, Files.current())
    clients = make_clients(profile)
    prompt = _Prompt()
    in_use = str(read_config()["profiles"].get(profile, {}).get(settings.MFA_SERIAL, ""))
    with explaining_refusals(profile):
        iam, caller = clients.iam(key), clients.caller_arn(key)
        serial = enroll_device(iam, caller, profile, options.device_name, prompt.ask_codes, in_use=in_use)
    try:
        changed = _set_device(profile, serial, with_roles=options.roles)
    except XacctError as error:
        # The device works by now; it is only not yet in the config file.
        print_message(f"enrolled {serial}, but it could not be written to the config file: {error}")
        return FAILED
    write_lines(f"enrolled {serial}; mfa_serial is set for: {', '.join(changed)}")
    rest = _roles_without_device(profile, read_config()["profiles"])
    if rest and not options.roles:
        command = f"aws configure role {rest[0]} --mfa-serial {serial}"
        print_message(f"roles without a device: {listed(rest)}. To set it for one:\n  {command}")
    else:
        print_message(f"log in with it: {subcommand('login', changed[-1])}")
    return 0


class _Prompt:
    """Shows a secret once, on the terminal itself, and asks for two codes."""

    _shown = False

    def ask_codes(self, uri: str) -> tuple[str, str]:
        """Return two different codes. Shows the secret, or says that the last codes were refused."""
        if self._shown:
            terminal.say("The codes were not accepted. Check the clock of the device, and try two new ones.")
        else:
            self._show(uri)
        first = _ask("First code")
        while True:
            second = _ask("Second code, once the device shows another one")
            if second != first:
                return first, second
            terminal.say("That is the same code again. Wait until the device shows the next one.")

    def _show(self, uri: str) -> None:
        picture = render_qr_code(uri)
        if picture and terminal.draw(picture):
            terminal.say("Scan this with an authenticator app, or enter the secret yourself:")
        else:
            lacking = "a wider terminal" if picture else install_command("segno")
            terminal.say(f"Enter this secret in an authenticator app. (For a QR code: {lacking})")
        terminal.say(f"  {secret_of(uri)}")
        self._shown = True


def _ask(prompt: str) -> str:
    while True:
        code = terminal.ask(f"{prompt}: ").strip()
        if is_code(code):
            return code
        terminal.say("A code has six digits.")


def _set_device(profile: str, serial: str, *, with_roles: bool) -> list[str]:
    """Write the device into the config file, and return the profiles that have it."""
    files = Files.current()
    changed: list[str] = []

    def change(document: Document) -> None:
        credentials = store.read_document(files.credentials)
        profiles = MergedProfiles(document, credentials)
        changed[:] = [profile, *(_roles_without_device(profile, profiles) if with_roles else ())]
        for name in changed:
            document.set(profiles.header(name) or make_header(name), settings.MFA_SERIAL, serial)

    store.edit(files.config, change)
    return changed


def _roles_without_device(profile: str, profiles: Profiles) -> list[str]:
    """Return the role profiles that are assumed from `profile` with no device."""
    return [
        name
        for name in profiles
        if is_role(profiles[name])
        and profiles[name].get(settings.SOURCE_PROFILE) == profile
        and not profiles[name].get(settings.MFA_SERIAL)
    ]
