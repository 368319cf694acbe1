"""Starts one service process: patch first, then import, build, hear, and drain on SIGTERM."""

from __future__ import annotations

import os
import sys


def launch(target: str) -> None:
    """Run the service class named ``package.module:Class`` until SIGTERM or SIGINT.

    eventlet patches the standard library before anything else is imported, which is why this module
    imports nothing at its top. Exit codes: 0 stopped, 1 the start failed (the reason is one sentence),
    2 a setting is missing or wrong.
    """
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    import eventlet

    eventlet.monkey_patch()
    sys.exit(_run(target))


def _run(target: str) -> int:
    from importlib import import_module

    from imigr_kit.settings import SettingsError, load

    module_name, _, class_name = target.partition(":")
    service_cls = getattr(import_module(module_name), class_name)
    try:
        settings = load(service_cls.settings, os.environ)
        from imigr_kit.process import ServiceProcess

        return ServiceProcess(service_cls, settings).run()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
