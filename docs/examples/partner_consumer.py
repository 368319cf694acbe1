"""Follow a queue of events in plain kombu: python partner_consumer.py AMQP_URI QUEUE."""

import json
import sys

from kombu import Connection, Consumer, Queue


def main(uri: str, queue_name: str) -> None:
    """Print one line per event; acknowledge after printing, so nothing is lost when this program dies."""

    def heard(message) -> None:  # type: ignore[no-untyped-def]  # an example for people without our types
        event = json.loads(message.body)
        print(event["type"], event["subject"], flush=True)
        message.ack()

    with (
        Connection(uri) as connection,
        # The queue is declared and bound by the installation: a reader may do neither.
        Consumer(connection, [Queue(queue_name)], on_message=heard, auto_declare=False),
    ):
        print("listening", flush=True)
        while True:
            connection.drain_events()


if __name__ == "__main__":
    main(*sys.argv[1:3])
