"""What tests of the kit and of the services share: fakes of time and ids, waiting, real servers."""

from imigr_kit.testing.fakes import FrozenClock, SequentialIds
from imigr_kit.testing.waiting import wait_until

__all__ = ["FrozenClock", "SequentialIds", "wait_until"]
