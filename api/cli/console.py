"""Who works at the console: the account on this machine, so that a change made here has a name on it too."""

import os
import pwd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.services.accounts import Caller

ADDRESS = "console"


def console_caller() -> "Caller":
    """Give the operator, by the name of the account that runs the command, or that became root by sudo."""
    from geo.services.access import operator
    from geo.services.accounts import Caller

    return Caller(operator(_account()), ADDRESS)


def _account() -> str:
    # By the system, not by LOGNAME, which anybody may set; only root's sudo is believed.
    if os.geteuid() == 0 and (name := os.environ.get("SUDO_USER")):
        return name
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        return str(os.geteuid())
