"""RPC methods of certificates."""

from __future__ import annotations

from typing import Any

from imigr_events import schemas
from imigr_events.handlers import certifying
from imigr_events.service.app import App
from imigr_kit.entrypoints import rpc


class CertificateMethods:
    """Rules and signatures; the name of a holder never comes here."""

    app: App

    @rpc
    def set_certificate_rule(self, **payload: Any) -> dict[str, Any]:
        """From which share of its sessions an event certifies attendance."""
        wanted = schemas.CERTIFICATE_RULE.load(payload)
        rule = certifying.set_rule(self.app.registry, wanted["actor"], schemas.rule_of(wanted), wanted["version"])
        return schemas.rule_out(rule, rule.event_id)

    @rpc
    def get_certificate_rule(self, **payload: Any) -> dict[str, Any]:
        """The rule of an event and how many certificates it has issued."""
        wanted = schemas.REGISTRATIONS.load(payload)
        rule, issued = certifying.get_rule(self.app.registry, **wanted)
        return schemas.rule_out(rule, wanted["event_id"], issued)

    @rpc
    def sign_certificate(self, **payload: Any) -> dict[str, Any]:
        """A signed statement of what the holder of a manage link has attended."""
        return certifying.sign_certificate(self.app.registry, **schemas.SIGN_CERTIFICATE.load(payload))
