"""The matrix: every supported Python on the machine, with both generations of the AWS CLI v1.

1.45 is the last one with a separate botocore; since 1.46 the wheel bundles its own. The same code must work with both.
To run one pair: `nox -s "tests-3.10(awscli-1.45)"`.
"""

import os
from pathlib import Path

import nox

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
GENERATIONS = [
    # With the oldest dependencies that setup.cfg allows, as on the oldest hosts.
    nox.param(["awscli>=1.45,<1.46", "ruamel.yaml==0.18.0"], id="awscli-1.45"),
    nox.param(["awscli>=1.46,<1.47"], id="awscli-1.46"),
]

nox.needs_version = ">=2024.10"
nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

# A pyenv shim exists for every installed version but runs only the selected ones: offer the real interpreters.
_PYENV = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
os.environ["PATH"] = os.pathsep.join([*map(str, sorted(_PYENV.glob("versions/3.*/bin"))), os.environ["PATH"]])


@nox.session(python=PYTHONS)
@nox.parametrize("awscli", GENERATIONS)
def tests(session: nox.Session, awscli: list[str]) -> None:
    """Run the whole suite; arguments after `--` go to pytest."""
    session.install("--no-compile", "--upgrade", "--editable", ".[test]", *awscli)
    session.run("aws", "--version")
    session.run(
        "python",
        "-m",
        "pytest",
        "-n",
        os.environ.get("JOBS", str(2 * (os.cpu_count() or 1))),
        "--dist",
        "worksteal",
        *session.posargs,
    )
