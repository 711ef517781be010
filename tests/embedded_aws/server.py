"""The process of the embedded AWS: `python -m tests.embedded_aws.server`, started only by EmbeddedAws.

Binds a free port of 127.0.0.1, prints the port number on stdout, and serves until stdin closes. The kernel closes that
pipe however the parent ends, even by SIGKILL, so no server outlives its test.

Do not import awscli here: moto would then run on the botocore bundled in awscli, but it is written for the real one.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from typing import Any

from moto.iam import models as iam_models
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.organizations import utils as organizations_utils
from werkzeug.serving import make_server

from .recorder import RequestRecorder

MANAGED_POLICIES = frozenset(
    {
        "AdministratorAccess",
        "AmazonEC2ReadOnlyAccess",
        "AmazonS3ReadOnlyAccess",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "SecurityAudit",
        "ViewOnlyAccess",
    }
)
"""The AWS managed policies that can be attached here."""

PARTITION = "aws"
ACCOUNTS_PER_PAGE = 20


def main() -> None:
    """Serve until stdin closes."""
    # Ctrl-C goes to the whole process group, but the parent still needs this server to clean up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Show tracebacks, but not a line for every request.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    _keep_few_managed_policies()
    # As many as in AWS; in moto it is a hundred.
    organizations_utils.PAGINATION_MODEL["list_accounts"]["limit_default"] = ACCOUNTS_PER_PAGE
    application = RequestRecorder(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=_exit_when_stdin_ends, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def _keep_few_managed_policies() -> None:
    """Reduce moto's table of managed policies to those in use, in the partition in use.

    moto creates all 1,300 again for each account in each of eight partitions, which takes seconds at the first request.
    """
    everything = json.loads(iam_models.aws_managed_policies_data)
    few = {name: policy for name, policy in everything.items() if name in MANAGED_POLICIES}
    iam_models.aws_managed_policies_data = json.dumps(few)
    create_all = iam_models.IAMBackend._init_aws_policies

    def create(backend: iam_models.IAMBackend) -> Any:
        return create_all(backend) if backend.partition == PARTITION else []

    iam_models.IAMBackend._init_aws_policies = create


def _exit_when_stdin_ends() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # not sys.exit, which would wait for requests in progress


if __name__ == "__main__":
    main()
