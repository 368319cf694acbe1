"""Records of every kind, for staff: propose, review, publish, restore."""

from __future__ import annotations

from typing import Any

from imigr_directory.domain.translations import PUBLISHED
from imigr_directory.handlers import records as handlers
from imigr_directory.schemas import records as schemas
from imigr_directory.service.app import App
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc


class RecordMethods:
    """Each loads, calls one use case, dumps."""

    app: App

    @rpc
    def open_record(self, **payload: Any) -> dict[str, Any]:
        """A new record: a draft, for review, or published at once by a manager."""
        wanted = schemas.Open().load(payload)
        desk, actor, new, content = self.app.desk, wanted["actor"], wanted["new"], wanted["content"]
        if wanted["state"] == PUBLISHED:
            return schemas.record_out(
                handlers.publish_new(desk, actor, new, content, command_of("open_record", payload))
            )
        made = handlers.open_record(desk, actor, new, content, wanted["state"], command_of("open_record", payload))
        return schemas.record_out(made)

    @rpc
    def write_record(self, **payload: Any) -> dict[str, Any]:
        """Other content: a draft, for review, or published at once by a manager."""
        wanted = schemas.Write().load(payload)
        desk, actor, target, content = self.app.desk, wanted["actor"], wanted["target"], wanted["content"]
        if wanted["state"] == PUBLISHED:
            return schemas.record_out(handlers.write(desk, actor, target, content, command_of("write_record", payload)))
        made = handlers.propose(desk, actor, target, content, wanted["state"], command_of("write_record", payload))
        return schemas.record_out(made)

    @rpc
    def submit_record(self, **payload: Any) -> dict[str, Any]:
        """The draft waits for review now."""
        wanted = schemas.OnRecord().load(payload)
        made = handlers.submit(self.app.desk, wanted["actor"], wanted["target"], command_of("submit_record", payload))
        return schemas.record_out(made)

    @rpc
    def decline_record(self, **payload: Any) -> dict[str, Any]:
        """What was proposed goes back to its author."""
        wanted = schemas.Decline().load(payload)
        command = command_of("decline_record", payload)
        made = handlers.decline(self.app.desk, wanted["actor"], wanted["target"], wanted["reason"], command)
        return schemas.record_out(made)

    @rpc
    def publish_record(self, **payload: Any) -> dict[str, Any]:
        """What was proposed is what readers see."""
        wanted = schemas.OnRecord().load(payload)
        made = handlers.publish(self.app.desk, wanted["actor"], wanted["target"], command_of("publish_record", payload))
        return schemas.record_out(made)

    @rpc
    def withdraw_record(self, **payload: Any) -> dict[str, Any]:
        """Readers no longer see it."""
        wanted = schemas.OnRecord().load(payload)
        made = handlers.withdraw(
            self.app.desk, wanted["actor"], wanted["target"], command_of("withdraw_record", payload)
        )
        return schemas.record_out(made)

    @rpc
    def verify_record(self, **payload: Any) -> dict[str, Any]:
        """Somebody has looked, and it is still true."""
        wanted = schemas.Verify().load(payload)
        command = command_of("verify_record", payload)
        made = handlers.verify(self.app.desk, wanted["actor"], wanted["target"], wanted["on"], command)
        return schemas.record_out(made)

    @rpc
    def restore_record(self, **payload: Any) -> dict[str, Any]:
        """An earlier version as a new one."""
        wanted = schemas.Restore().load(payload)
        command = command_of("restore_record", payload)
        made = handlers.restore(self.app.desk, wanted["actor"], wanted["target"], wanted["version"], command)
        return schemas.record_out(made)

    @rpc
    def get_record(self, **payload: Any) -> dict[str, Any]:
        """One record with what waits in it."""
        wanted = schemas.OneRecord().load(payload)
        found = handlers.get_record(self.app.desk, wanted["actor"], wanted["kind"], wanted["record_id"])
        return schemas.record_out(found)

    @rpc
    def list_record_versions(self, **payload: Any) -> dict[str, Any]:
        """Every version with who and when."""
        wanted = schemas.OneRecord().load(payload)
        rows = handlers.list_versions(self.app.desk, wanted["actor"], wanted["kind"], wanted["record_id"])
        return schemas.versions_out(rows)

    @rpc
    def list_records(self, **payload: Any) -> dict[str, Any]:
        """A page of a town's records."""
        wanted = schemas.ListRecords().load(payload)
        page = (wanted["page"], wanted["per_page"])
        home = schemas.home_in(wanted["municipality"])
        found = handlers.list_records(self.app.desk, wanted["actor"], wanted["kind"], home, wanted["state"], page)
        return schemas.listed_out([schemas.row_out(one) for one in found[0]], found[1], page)

    @rpc
    def entrust_organization(self, **payload: Any) -> dict[str, Any]:
        """Put an organization's entries into the hands of a partner editor."""
        wanted = schemas.Hands().load(payload)
        handlers.entrust(self.app.desk, wanted["actor"], wanted["organization_id"], wanted["staff_id"])
        return {"editors": list(self.app.desk.mandates.holders(wanted["organization_id"]))}

    @rpc
    def release_organization(self, **payload: Any) -> dict[str, Any]:
        """Take them out of these hands."""
        wanted = schemas.Hands().load(payload)
        handlers.release(self.app.desk, wanted["actor"], wanted["organization_id"], wanted["staff_id"])
        return {"editors": list(self.app.desk.mandates.holders(wanted["organization_id"]))}
