"""The floors as WSGI applications: Flask alone, with one RPC call that does nothing, with one that stores a row."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response, jsonify, request

from imigr_kit.rpc_client import RpcClient
from imigr_kit.secret import Secret
from imigr_kit.senders import Senders

app = Flask(__name__)
_clients: list[RpcClient] = []


@app.get("/alone")
def alone() -> Response:
    """The least a Flask route can do."""
    return jsonify(pong=True)


@app.get("/noop")
def noop() -> Response:
    """One RPC to a method that does nothing."""
    return jsonify(_client().call("guichet", "ping", {}))


@app.post("/<any(store, tell):method>")
def command(method: str) -> tuple[Response, int]:
    """One RPC to a method that makes one durable insert, without and with an event that is heard."""
    return jsonify(_client().call("bench_floor", method, request.get_json())), 201


def _client() -> RpcClient:
    """One client per worker process, made after the fork."""
    if not _clients:
        senders = Senders(Path(os.environ["IMIGR_SENDERS"]))
        _clients.append(RpcClient(Secret(os.environ["IMIGR_AMQP_URI"]), origin="gateway-bench", senders=senders))
    return _clients[0]
