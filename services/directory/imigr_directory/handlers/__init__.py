"""Use cases of the directory."""

from __future__ import annotations

from imigr_directory.handlers.ports import Command, Desk, Directory, Records
from imigr_directory.handlers.services import create_service, update_service, withdraw_service

__all__ = ["Command", "Desk", "Directory", "Records", "create_service", "update_service", "withdraw_service"]
