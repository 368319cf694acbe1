"""A guichet of one's own in plain kombu: python rpc_service.py AMQP_URI RPC_NAME MUNICIPALITY."""

import json
import sys

from kombu import Connection, Consumer, Exchange, Producer, Queue


def main(uri: str, name: str, municipality: str) -> None:
    """Answer nameko's RPC protocol: body {"args", "kwargs"}, reply {"result", "error"} to reply_to."""
    exchange = Exchange("nameko-rpc", type="topic", durable=True, passive=True)
    queue = Queue(f"rpc-{name}", exchange, routing_key=f"{name}.*", durable=True)
    desk = {"id": f"desk-{municipality}", "municipality": municipality, "name": {"fr": f"Guichet de {municipality}"}}
    methods = {"ping": lambda **_: {"pong": True}, "list_guichets": lambda **_: {"items": [desk], "version": 1}}

    with Connection(uri) as connection:
        producer = Producer(connection)

        def called(message) -> None:  # type: ignore[no-untyped-def]  # an example for people without our types
            method = methods.get(message.delivery_info["routing_key"].split(".")[-1])
            call = json.loads(message.body)
            error = None if method else {"exc_type": "MethodNotFound", "exc_path": "", "exc_args": [], "value": ""}
            reply = {"result": method(**call["kwargs"]) if method else None, "error": error}
            # The broker checks that this is our user, and the gateway that it is the one who was asked.
            keys = {"correlation_id": message.properties["correlation_id"], "user_id": connection.userid}
            producer.publish(reply, exchange=exchange, routing_key=message.properties["reply_to"], **keys)
            message.ack()

        with Consumer(connection, [queue], on_message=called):
            print("answering", flush=True)
            while True:
                connection.drain_events()


if __name__ == "__main__":
    main(*sys.argv[1:4])
