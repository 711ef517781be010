"""The matrix: every supported Python that the machine has, times each world of the AWS CLI.

The last release with a separate botocore is in 1.45; since 1.46 the wheel bundles its own. The same code has
to work in both. One pair: `nox -s "tests-3.10(awscli-1.45)"`.
"""

import os
from pathlib import Path

import nox

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
WORLDS = [
    # With the oldest of what setup.cfg asks for, as the oldest hosts have it.
    nox.param(["awscli>=1.45,<1.46", "filelock==3.12.*", "ruamel.yaml==0.18.0"], id="awscli-1.45"),
    nox.param(["awscli>=1.46,<1.47"], id="awscli-1.46"),
]

nox.needs_version = ">=2024.10"
nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

# A pyenv shim answers for every version pyenv has but runs selected ones only: offer the real interpreters.
_PYENV = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
os.environ["PATH"] = os.pathsep.join([*map(str, sorted(_PYENV.glob("versions/3.*/bin"))), os.environ["PATH"]])


@nox.session(python=PYTHONS)
@nox.parametrize("awscli", WORLDS)
def tests(session: nox.Session, awscli: list[str]) -> None:
    """Run the whole suite; arguments after `--` go to pytest."""
    session.install("--upgrade", "--editable", ".[test]", *awscli)
    session.run("aws", "--version")
    session.run(
        "python",
        "-m",
        "pytest",
        "-n",
        os.environ.get("JOBS", str(3 * (os.cpu_count() or 2) // 2)),
        "--dist",
        "worksteal",
        *session.posargs,
    )
