"""RPC methods of certificates."""

from __future__ import annotations

from typing import Any

from imigr_events import schemas
from imigr_events.domain.certificates import Withdrawn
from imigr_events.handlers import certifying, revoking
from imigr_events.service.app import App
from imigr_events.service.commands import command_in
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

    @rpc
    def revoke_certificate(self, **payload: Any) -> dict[str, Any]:
        """A certificate holds no longer."""
        wanted = command_in("revoke_certificate", schemas.REVOKE_CERTIFICATE, payload)
        place, reason = (wanted["municipality"], wanted["number"]), Withdrawn(wanted["reason"])
        return revoking.revoke_certificate(self.app.registry, wanted["actor"], place, reason, wanted["command"])

    @rpc
    def certificate_state(self, **payload: Any) -> dict[str, Any]:
        """Whether a certificate still holds."""
        return revoking.certificate_state(self.app.registry, **schemas.ONE_CERTIFICATE.load(payload))

    @rpc
    def revoked_certificates(self, **payload: Any) -> dict[str, Any]:
        """A town's revoked certificates, signed."""
        return revoking.revoked_certificates(self.app.registry, **schemas.TOWN.load(payload))
