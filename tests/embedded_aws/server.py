"""The embedded AWS's own process: `python -m tests.embedded_aws.server`, started by EmbeddedAws alone.

Binds a free port of 127.0.0.1, writes its number as one line on stdout, and serves until stdin ends. The
kernel closes that pipe however the parent goes, SIGKILL included, so no server outlives its test.

awscli must not be imported here: it would put the botocore it bundles under moto, which is written for
the separate one.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading

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

ACCOUNTS_PER_PAGE = 20


def main() -> None:
    """Serve until stdin is at its end."""
    # Ctrl-C goes to the whole terminal group; the parent still has cleaning up to do with us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # One line per request is noise in a test's output; a traceback is not.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    _keep_few_managed_policies()
    # As many as AWS gives; moto gives a hundred.
    organizations_utils.PAGINATION_MODEL["list_accounts"]["limit_default"] = ACCOUNTS_PER_PAGE
    application = RequestRecorder(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=_exit_when_stdin_ends, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def _keep_few_managed_policies() -> None:
    """Cut moto's table of managed policies down to the ones in use.

    moto makes all 1,300 anew for each account in each of eight partitions: seconds at the first request.
    """
    everything = json.loads(iam_models.aws_managed_policies_data)
    few = {name: policy for name, policy in everything.items() if name in MANAGED_POLICIES}
    iam_models.aws_managed_policies_data = json.dumps(few)


def _exit_when_stdin_ends() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # not sys.exit: requests in flight must not keep the process


if __name__ == "__main__":
    main()
