"""What the runner can tell a person when it cannot go on."""


class RunnerError(Exception):
    """A sentence that says what is wrong and what to do; printed without a traceback."""
