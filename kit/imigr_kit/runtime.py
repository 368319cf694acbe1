"""What a running service process holds, and the order in which it starts and stops."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from pymongo.database import Database

from imigr_kit.broker import BrokerUnavailable, ConfirmedPublisher
from imigr_kit.clock import Clock, SystemClock
from imigr_kit.events import Stamp
from imigr_kit.facts import Fact
from imigr_kit.foreground import Foreground
from imigr_kit.health import Health
from imigr_kit.ids import NewId, new_id
from imigr_kit.inbound import Inbound
from imigr_kit.logs import get_logger
from imigr_kit.mongo import connect
from imigr_kit.relay import Relay
from imigr_kit.settings import KitSettings, needed

log = get_logger(__name__)

PROBE_SECONDS = 1.0


class Runtime:
    """Settings, database, broker connections, clock, ids and event stamp of one service process.

    Raises SettingsError when nothing says whose messages may be believed.
    """

    def __init__(self, settings: KitSettings, *, outbox_collections: Iterable[str] = ()) -> None:
        self.settings: Any = settings
        self.senders = needed(settings.senders)
        self.clock: Clock = SystemClock()
        self.new_id: NewId = new_id
        self.db: Database[dict[str, Any]] = connect(settings)
        self.health = Health()
        self.foreground = Foreground()
        self.inbound = Inbound(settings.amqp_uri, settings.rpc_name)
        self.publisher = ConfirmedPublisher(settings.amqp_uri, f"{settings.rpc_name}-outbound")
        self.relay = Relay(
            self.db,
            tuple(outbox_collections),
            self.publisher,
            self.clock,
            owner=f"{socket.gethostname()}:{settings.rpc_name}:{settings.health_port}",
            is_busy=self.foreground.is_busy,
        )
        self._stamp = Stamp(settings.service, settings.instance, self.clock, new_id)
        self._dirty = False
        self._relay_thread = threading.Thread(target=self.relay.run_forever, name="relay", daemon=True)
        self.health.add("broker", self._check_broker)
        self.health.add("database", self._check_database)

    def stamp(self, facts: Iterable[Fact]) -> list[dict[str, Any]]:
        """Envelopes for an outbox; remembers that the relay has work once the call is over."""
        stamped = self._stamp(facts)
        self._dirty = self._dirty or bool(stamped)
        return stamped

    def wake(self) -> None:
        """Tell the relay that an outbox has grown."""
        self._dirty = False
        self.relay.wake()

    def wake_if_dirty(self) -> None:
        """Wake the relay if anything was stamped since the last time."""
        if self._dirty:
            self.wake()

    def start(self) -> None:
        """Connect and begin to hear and to publish; the entrypoints are registered already."""
        self.publisher.start()
        self._relay_thread.start()
        self.inbound.start()

    def cease(self) -> None:
        """Hear nothing new; let what is under way finish."""
        self.inbound.cease()

    def stop(self) -> None:
        """Publish what is left within two seconds, then drop the connections."""
        self.relay.stop()
        self._relay_thread.join(2.0)
        self.inbound.stop()
        self.publisher.stop()
        self.db.client.close()

    def spawn(self, work: Callable[[], None]) -> None:
        """Run something short beside the readers; a failure is logged."""

        def guarded() -> None:
            try:
                work()
            except Exception:
                log.exception("background.failed")

        threading.Thread(target=guarded, daemon=True).start()

    @staticmethod
    def pause(seconds: float) -> None:
        """Wait a moment before giving a message back."""
        time.sleep(seconds)

    def _check_broker(self) -> None:
        if not self.inbound.link.usable:
            raise BrokerUnavailable(retry_after=2)
        self.publisher.probe(seconds=PROBE_SECONDS)

    def _check_database(self) -> None:
        self.db.client.admin.command("ping", maxTimeMS=1000)
