"""Puts the gateway together: routes, problems, doors, correlation, cache."""

from __future__ import annotations

import re
import uuid
from contextlib import AbstractContextManager
from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from imigr_gateway import asked, health, pages, paper_pages, password_pages, problems, referral_pages, waiting_pages
from imigr_gateway.agenda import page as event_page
from imigr_gateway.api import (
    agenda,
    appointments,
    brochures,
    certificates,
    contacts,
    directory,
    evaluations,
    events,
    feedback,
    guichet,
    hsds,
    inbound,
    packs,
    providers,
    slips,
    subscriptions,
    tickets,
    visits,
    waiting_list,
)
from imigr_gateway.api.staff import accounts as staff_accounts
from imigr_gateway.api.staff import campaigns as staff_campaigns
from imigr_gateway.api.staff import certificates as staff_certificates
from imigr_gateway.api.staff import directory as staff_directory
from imigr_gateway.api.staff import doors as staff_doors
from imigr_gateway.api.staff import editions as staff_editions
from imigr_gateway.api.staff import events as staff_events
from imigr_gateway.api.staff import feedback as staff_feedback
from imigr_gateway.api.staff import guichet as staff_guichet
from imigr_gateway.api.staff import imports as staff_imports
from imigr_gateway.api.staff import notifications as staff_notifications
from imigr_gateway.api.staff import paper as staff_paper
from imigr_gateway.api.staff import pathways as staff_pathways
from imigr_gateway.api.staff import templates as staff_templates
from imigr_gateway.api.staff import vault as staff_vault
from imigr_gateway.api.staff import visits as staff_visits
from imigr_gateway.attending import certificate_page, ticket_page
from imigr_gateway.booking import page as booking_page
from imigr_gateway.cache import CachedReads
from imigr_gateway.commands import Extension
from imigr_gateway.directory import page as service_page
from imigr_gateway.doors import Doorkeeper, public
from imigr_gateway.keys import open_ring
from imigr_gateway.languages import chain
from imigr_gateway.people import Desk
from imigr_gateway.routing import Backends, Client
from imigr_gateway.settings import GatewaySettings
from imigr_kit.clock import Clock, SystemClock
from imigr_kit.context import CallContext, use
from imigr_kit.errors import ImigrError
from imigr_kit.ids import is_id

MOST_BYTES = 64 * 1024
SYSTEM_CLOCK = SystemClock()
API = (
    directory,
    hsds,
    feedback,
    packs,
    brochures,
    guichet,
    appointments,
    visits,
    waiting_list,
    slips,
    events,
    contacts,
    agenda,
    tickets,
    certificates,
    evaluations,
    providers,
    subscriptions,
    staff_accounts,
    staff_directory,
    staff_feedback,
    staff_editions,
    staff_guichet,
    staff_visits,
    staff_paper,
    staff_events,
    staff_doors,
    staff_certificates,
    staff_pathways,
    staff_imports,
    staff_notifications,
    staff_campaigns,
    staff_templates,
    staff_vault,
)
"""Modules of the API, in the order of the documentation."""
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
DESCRIPTION = (
    "Local services, guichet appointments and events of municipalities. No account is needed for the public part. "
    "Texts come in the reader's language (Accept-Language or ?lang); `text_languages` says which language each is in. "
    "Errors are problem documents (RFC 9457). Writes accept Idempotency-Key: the same key and body, the same answer."
)


class ProblemApi(Api):
    """flask-smorest whose errors are problem documents."""

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Any HTTP error of Flask or webargs."""
        return problems.of_http(error)


def create_app(settings: GatewaySettings, client: Client, *, clock: Clock = SYSTEM_CLOCK) -> Flask:
    """The Flask application; ``wsgi`` puts the cache in front and the real client behind."""
    app = Flask("imigr_gateway", template_folder="templates", static_folder=None)
    app.config.update(
        API_TITLE="I-MIGR",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={"info": {"description": DESCRIPTION}},
        MAX_CONTENT_LENGTH=MOST_BYTES,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's default provider has it
    backends = Backends(client, settings.routes, settings.key)
    ring = open_ring(settings.rotating_keys, clock)
    app.extensions["imigr_keys"] = ring
    people = Desk(settings.key, ring, settings.vault_public_key, backends, settings.instance)
    app.extensions["imigr"] = Extension(
        backends,
        people,
        settings.public_url,
        settings.received_url,
        settings.streams_url,
        settings.trusted_proxies,
    )
    api = ProblemApi(app)
    for part in API:
        api.register_blueprint(part.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(brochures.files)
    app.register_blueprint(inbound.blueprint)
    app.register_blueprint(booking_page.blueprint)
    app.register_blueprint(waiting_pages.blueprint)
    app.register_blueprint(paper_pages.blueprint)
    app.register_blueprint(referral_pages.blueprint)
    app.register_blueprint(password_pages.blueprint)
    app.register_blueprint(event_page.blueprint)
    app.register_blueprint(service_page.blueprint)
    app.register_blueprint(ticket_page.blueprint)
    app.register_blueprint(certificate_page.blueprint)
    app.register_blueprint(health.blueprint(backends))
    _serve_spec(app, api)
    app.register_error_handler(ImigrError, problems.of_error)
    app.register_error_handler(Exception, problems.of_fault)
    app.before_request(_enter)
    app.before_request(asked.check)
    keeper = Doorkeeper(settings.token_public_key, backends, settings.instance)
    app.extensions["imigr_doors"] = keeper
    app.before_request(keeper.check)
    app.after_request(_leave)
    app.teardown_request(_forget_context)
    return app


def with_cache(app: Flask) -> CachedReads:
    """Put the cache of public reads in front."""
    cache = CachedReads(app.wsgi_app)
    app.wsgi_app = cache  # type: ignore[method-assign]  # Flask's own way to add middleware
    return cache


def _serve_spec(app: Flask, api: Any) -> None:
    def spec() -> dict[str, Any]:
        made: dict[str, Any] = api.spec.to_dict()
        return made

    app.extensions["imigr_spec"] = spec

    @app.get("/api/v1/openapi.json")
    @public
    def openapi() -> dict[str, Any]:
        """The OpenAPI 3.1 description."""
        return spec()


def _enter() -> None:
    given = request.headers.get("X-Correlation-ID", "")
    # Only the shape of an id that a program draws: it goes into logs and events, where nothing typed may be.
    correlation = given if is_id(given) else str(uuid.uuid4())
    trace = request.headers.get("traceparent", "")
    scope = use(CallContext(correlation, traceparent=trace if _TRACEPARENT.match(trace) else None))
    g.correlation = correlation
    scope.__enter__()
    g.scope = scope


def _leave(response: Response) -> Response:
    response.headers["X-Correlation-ID"] = g.get("correlation", "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.path.startswith("/api/"):
        if request.method in ("GET", "HEAD"):
            response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers.setdefault("Vary", "Accept-Language")
        found = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
        response.headers.setdefault("Content-Language", found[0])
        personal = request.method != "GET" or "manage_token" in (request.view_args or {}) or "/staff/" in request.path
        response.headers.setdefault(
            "Cache-Control", "no-store" if personal else "public, max-age=5, stale-if-error=86400"
        )
    return response


def _forget_context(_error: BaseException | None) -> None:
    scope: AbstractContextManager[Any] | None = g.pop("scope", None)
    if scope is not None:
        scope.__exit__(None, None, None)
