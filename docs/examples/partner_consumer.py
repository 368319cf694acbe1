"""Follow events of a town in plain kombu: python partner_consumer.py AMQP_URI QUEUE PATTERN."""

import json
import sys

from kombu import Connection, Consumer, Exchange, Queue


def main(uri: str, queue_name: str, pattern: str) -> None:
    """Print one line per event; acknowledge after printing, so nothing is lost when this program dies."""
    exchange = Exchange("imigr.events", type="topic", durable=True, passive=True)
    queue = Queue(queue_name, exchange, routing_key=pattern, durable=True)

    def heard(message) -> None:  # type: ignore[no-untyped-def]  # an example for people without our types
        event = json.loads(message.body)
        print(event["type"], event["subject"], event["data"].get("start", ""), flush=True)
        message.ack()

    with Connection(uri) as connection, Consumer(connection, [queue], on_message=heard):
        print("listening", flush=True)
        while True:
            connection.drain_events()


if __name__ == "__main__":
    main(*sys.argv[1:4])
