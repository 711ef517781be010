"""Where this package was installed from. Nothing else of it is imported: it may be what is broken."""

import json
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import url2pathname

PACKAGE = "awscli-xacct"


def get_origin() -> str:
    """Return what to `pip install` to get this package, quoted: the directory it was installed from, or its name.

    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        found = json.loads(distribution(PACKAGE).read_text("direct_url.json") or "{}")
        url, system = found.get("url", ""), found.get("vcs_info", {}).get("vcs")
    except (PackageNotFoundError, ValueError, AttributeError):
        url = system = ""
    if system:
        return shlex.quote(f"{PACKAGE} @ {system}+{url}")
    return shlex.quote(url2pathname(urlsplit(url).path)) if url.startswith("file:") else PACKAGE


def get_reinstall_command() -> str:
    """Return the command that installs this package again, into the Python that runs this."""
    python, origin = shlex.quote(sys.executable), get_origin()
    if find_spec("pip") is None:  # as in the environments that uv makes
        return f"uv pip install --python {python} --reinstall --no-deps {origin}"
    return f"{python} -m pip install --force-reinstall --no-deps {origin}"
