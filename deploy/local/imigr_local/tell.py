"""What a person is told about a running platform."""

from __future__ import annotations

from imigr_local.places import shown
from imigr_local.platform import Platform
from imigr_local.state import State
from imigr_provision import follower

MANAGER = "manager.la-marsa@demo.invalid"
"""Who announces something public while the demo's partner looks on."""


def addresses(platform: Platform) -> str:
    """Addresses, demo sign-ins, and where the logs lie."""
    state, known = platform.state, platform.credentials()
    lines = [f"  {name:18} {address}" for name, address in state.addresses.items()]
    if known.staff:
        lines += ["", "  Demo staff (drawn for this installation):"]
        lines += [f"    {email:34} {password}" for email, password in known.staff.items()]
    if known.follower_amqp_uri:
        lines += ["", f"  Follower of the demo (reads the public kinds of events from the queue {follower.QUEUE}):"]
        lines += [f"    {known.follower_amqp_uri}"]
    lines += ["", f"  Logs: {shown(platform.instance.logs)}/    Stop: make down"]
    return "\n".join(lines)


def processes(state: State) -> str:
    """One line per process; a restarted one says so."""
    lines = [f"{state.instance}: {state.status} (supervisor {state.pid})"]
    for name, one in state.processes.items():
        again = f"  restarted {one.restarts} times, last exit {one.last_exit}" if one.restarts else ""
        lines.append(f"  {name:18} {one.state:10} pid {one.pid or '-':<8} {one.log}{again}")
    return "\n".join(lines) + "\n"


def demo_environment(platform: Platform) -> dict[str, str]:
    """Where the demo finds this platform."""
    known, credentials = platform.state.addresses, platform.credentials()
    return {
        "IMIGR_DEMO_URL": known["home page"].rstrip("/"),
        "IMIGR_DEMO_RECEIVED": known["received messages"].rstrip("/"),
        "IMIGR_DEMO_PARTNER_AMQP": credentials.follower_amqp_uri,
        "IMIGR_DEMO_MANAGER": f"{MANAGER}:{credentials.staff.get(MANAGER, '')}",
    }
