"""MongoDB with bounded waits: connection, indexes declared in code, transactions, deadlines inside writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pymongo import IndexModel, MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WriteConcernError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from imigr_kit.errors import Unavailable
from imigr_kit.settings import KitSettings

T = TypeVar("T")
Document = dict[str, Any]

SELECTION_MS = 1_500
CONNECT_MS = 1_500
SOCKET_MS = 2_500
TRANSACTION_SECONDS = 2.0
POOL = 32

DATABASE_ERRORS: tuple[type[BaseException], ...] = (
    ConnectionFailure,
    ExecutionTimeout,
    WaitQueueTimeoutError,
    WriteConcernError,
)
"""What says that the database is away, slow or changing its primary; never a fault of the request."""

_RETRYABLE_CODES = frozenset({11600, 11602, 10107, 13435, 13436, 189, 91, 50})


class DatabaseUnavailable(Unavailable):
    """The database is absent, frozen or electing; the write did not happen or happens before its deadline."""

    code = "kit.database_unavailable"


@dataclass(frozen=True)
class Index:
    """One index, declared in code and ensured at start."""

    collection: str
    keys: Sequence[tuple[str, int]]
    unique: bool = False
    partial: Document | None = None
    expire_after: int | None = None
    name: str = ""


def connect(settings: KitSettings) -> Database[Document]:
    """The service's database. Every wait is bounded; writes are majority and journaled; times are aware UTC."""
    client: MongoClient[Document] = MongoClient(
        settings.mongo_uri.reveal(),
        appname=settings.rpc_name,
        tz_aware=True,
        serverSelectionTimeoutMS=SELECTION_MS,
        connectTimeoutMS=CONNECT_MS,
        socketTimeoutMS=SOCKET_MS,
        waitQueueTimeoutMS=SELECTION_MS,
        maxPoolSize=POOL,
        retryWrites=True,
        w="majority",
        journal=True,
        wTimeoutMS=SOCKET_MS,
    )
    return client[settings.mongo_database]


def ensure_indexes(db: Database[Document], indexes: Iterable[Index]) -> None:
    """Create what is missing; an existing index of the same name and shape is left alone."""
    by_collection: dict[str, list[IndexModel]] = {}
    for index in indexes:
        by_collection.setdefault(index.collection, []).append(_model(index))
    for collection, models in by_collection.items():
        db[collection].create_indexes(models)


def _model(index: Index) -> IndexModel:
    options: Document = {"unique": index.unique}
    if index.name:
        options["name"] = index.name
    if index.partial is not None:
        options["partialFilterExpression"] = index.partial
    if index.expire_after is not None:
        options["expireAfterSeconds"] = index.expire_after
    return IndexModel(list(index.keys), **options)


def translate(error: BaseException) -> Unavailable:
    """The domain error that stands for an outage of the database."""
    return DatabaseUnavailable(params={"reason": type(error).__name__}, retry_after=5)


@contextmanager
def guarded() -> Iterator[None]:
    """Turn outages inside the block into DatabaseUnavailable; other errors pass."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise translate(error) from error
    except OperationFailure as error:
        if error.code in _RETRYABLE_CODES:
            raise translate(error) from error
        raise


def not_after(query: Document, deadline: datetime | None) -> Document:
    """``query`` that matches nothing once the server's clock has passed ``deadline``.

    So a write that waited in the socket of a frozen database changes nothing when the database thaws
    and its caller was told 503 long ago. Not for upserts: MongoDB forbids $expr there.
    """
    if deadline is None:
        return query
    return query | {"$expr": {"$lt": ["$$NOW", deadline]}}


def in_transaction(db: Database[Document], work: Callable[[ClientSession], T]) -> T:
    """Run ``work(session)`` in one transaction: snapshot reads, majority commit, at most about two seconds.

    ``work`` may run several times (write conflicts are retried), so it touches nothing but the session.
    A DuplicateKeyError ends the transaction and passes to the caller. Raises DatabaseUnavailable when a conflict
    does not go away: what a process had written in a transaction when it was killed stays locked until the server
    ends that transaction (``transactionLifetimeLimitSeconds``, a minute unless set), so waiting is right.
    """
    give_up = time.monotonic() + TRANSACTION_SECONDS
    with db.client.start_session() as session:
        while True:
            try:
                with session.start_transaction(
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern("majority", wtimeout=SOCKET_MS),
                    max_commit_time_ms=SOCKET_MS,
                ):
                    result = work(session)
                    _commit(session, give_up)
                return result
            except DuplicateKeyError:
                raise
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
                if time.monotonic() > give_up:
                    raise translate(error) from error


def _commit(session: ClientSession, give_up: float) -> None:
    while True:
        try:
            session.commit_transaction()
            return
        except InvalidOperation:
            raise
        except PyMongoError as error:
            unknown = error.has_error_label("UnknownTransactionCommitResult")
            if not unknown or time.monotonic() > give_up:
                raise
