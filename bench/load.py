"""A closed-loop HTTP load: a few processes of threads with kept connections and prepared requests.

Written on bare sockets, since the load shares the machine with what it measures and must stay cheap.
"""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

RequestMaker = Callable[[int, int], Iterator[bytes]]
"""Given process and thread number: an endless iterator of complete HTTP/1.1 requests."""


@dataclass(frozen=True)
class Outcome:
    """What a load saw: answers per second of the expected status, latencies in milliseconds, other statuses."""

    per_second: float
    latencies: tuple[float, ...]
    others: dict[int, int]

    def percentile(self, share: float) -> float:
        """Latency in milliseconds below which ``share`` (0..1) of the answers lie."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def get(host: str, path: str, headers: dict[str, str] | None = None) -> bytes:
    """A prepared GET."""
    return _request("GET", host, path, b"", headers or {})


def post(host: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """A prepared POST of JSON."""
    return _request("POST", host, path, body, {"Content-Type": "application/json"} | (headers or {}))


def run(
    port: int, make: RequestMaker, *, seconds: float, processes: int = 2, threads: int = 8, expect: int = 200
) -> Outcome:
    """Load 127.0.0.1:``port`` for ``seconds`` after half a second of warm-up."""
    queue: Any = multiprocessing.get_context("fork").Queue()
    workers = [
        multiprocessing.get_context("fork").Process(
            target=_process, args=(port, make, seconds, number, threads, expect, queue)
        )
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    parts = [queue.get(timeout=seconds + 60) for _ in workers]
    for worker in workers:
        worker.join(10)
    others: dict[int, int] = {}
    for _, _, seen in parts:
        for status, count in seen.items():
            others[status] = others.get(status, 0) + count
    latencies = tuple(one for part in parts for one in part[1])
    return Outcome(sum(part[0] for part in parts) / seconds, latencies, others)


def _process(port: int, make: RequestMaker, seconds: float, number: int, threads: int, expect: int, queue: Any) -> None:
    results: list[tuple[int, list[float], dict[int, int]]] = []
    workers = [
        threading.Thread(target=lambda n=n: results.append(_loop(port, make(number, n), seconds, expect)))
        for n in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    others: dict[int, int] = {}
    for _, _, seen in results:
        for status, count in seen.items():
            others[status] = others.get(status, 0) + count
    queue.put((sum(r[0] for r in results), [one for r in results for one in r[1]], others))


def _loop(port: int, requests: Iterator[bytes], seconds: float, expect: int) -> tuple[int, list[float], dict[int, int]]:
    connection = Connection(port)
    good = 0
    latencies: list[float] = []
    others: dict[int, int] = {}
    warm_until = time.perf_counter() + 0.5
    end = warm_until + seconds
    while True:
        started = time.perf_counter()
        if started >= end:
            connection.close()
            return good, latencies, others
        status = connection.exchange(next(requests))
        finished = time.perf_counter()
        if started < warm_until:
            continue
        if status == expect:
            good += 1
            latencies.append((finished - started) * 1000)
        else:
            others[status] = others.get(status, 0) + 1


class Connection:
    """One kept connection that sends prepared bytes and reads one answer at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._rest = b""

    def exchange(self, request: bytes) -> int:
        """The status of the answer; 0 when the connection broke."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._rest = b""
            self._socket.sendall(request)
            return self._answer(self._socket)
        except (OSError, ValueError):
            self.close()
            return 0

    def close(self) -> None:
        """Drop the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _answer(self, sock: socket.socket) -> int:
        data = self._rest
        while b"\r\n\r\n" not in data:
            data += self._receive(sock)
        head, _, body = data.partition(b"\r\n\r\n")
        lower = head.lower()
        length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in lower else 0
        while len(body) < length:
            body += self._receive(sock)
        self._rest = body[length:]
        if b"connection: close" in lower:
            self.close()
        return int(head[9:12])

    @staticmethod
    def _receive(sock: socket.socket) -> bytes:
        chunk = sock.recv(65536)
        if not chunk:
            raise ValueError("closed")
        return chunk


def _request(method: str, host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
