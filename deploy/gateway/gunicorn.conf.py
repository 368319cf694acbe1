"""Gunicorn for the gateway: a few processes with threads; clients are made after the fork."""

import os

bind = os.environ.get("IMIGR_GATEWAY_BIND", "127.0.0.1:8080")
workers = int(os.environ.get("IMIGR_GATEWAY_WORKERS", "2"))
threads = int(os.environ.get("IMIGR_GATEWAY_THREADS", "8"))
worker_class = "gthread"
preload_app = False
timeout = 30
graceful_timeout = 10
keepalive = 15
control_socket_disable = True
accesslog = None  # addresses and query texts of visitors are not stored
logger_class = "imigr_gateway.server_log.ServerLog"  # nor does an error say what was asked
