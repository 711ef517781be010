"""How a command of ``aws configure role`` ends: with its result, or with a report of what went wrong.

AWS CLI v1 ends every command that raises with exit code 255, and both versions print text only. So nothing is raised to
them; what a command returns, they exit with.
"""

import argparse
import functools
import logging
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from ..errors import UsageError
from ..reporter import Reporter

LOG = logging.getLogger(__name__)


def make_reporter(words: list[str], session: Any, parsed_globals: Any) -> Reporter:
    """Return what reports the failure of a command line; `words` come after ``aws configure role``."""
    made = Reporter(
        words,
        lambda: session.full_config["profiles"],
        session.get_config_variable("profile"),
    )
    # Newer releases of version 2 take the option for one of their own.
    made.use(getattr(parsed_globals, "cli_error_format", None))
    made.asked_for = parsed_globals.profile
    return made


def run_reported(command: Callable[[], Any], reporter: Reporter) -> Any:
    """Return what a command returns, or else the exit code for what it raises, which is reported."""
    try:
        reporter.check()
        code = command()
        if sys.stdout is not None:
            sys.stdout.flush()  # which may fail, an error like any other
        return code
    except (Exception, KeyboardInterrupt) as error:
        LOG.debug("The command failed", exc_info=True)
        return reporter.report(error)


def report_usage_errors(driver: Any, words: list[str]) -> None:
    """Have AWS CLI v1 report what is wrong with its own options, such as ``--output``, as we do.

    Its parser of the whole command line would end the process with exit code 2 before our command is asked. `words`
    come after ``aws configure role``.
    """
    create = driver._create_parser

    def create_parser(*arguments: Any, **options: Any) -> Any:
        parser = create(*arguments, **options)
        parser.error = end
        parser._check_value = functools.partial(check_value, parser)
        return parser

    def check_value(parser: Any, action: argparse.Action, value: Any) -> None:
        # awscli's own way prints choices in two columns. For hundreds of commands those are the better way.
        kind = argparse.ArgumentParser if action.option_strings else type(parser)
        kind._check_value(parser, action, value)

    def end(message: str) -> NoReturn:
        session = driver.session
        reporter = Reporter(words, lambda: session.full_config["profiles"])
        error = UsageError(f"{' '.join(message.split())}. See: aws help")
        sys.exit(reporter.report(error))

    driver._create_parser = create_parser
