"""A flask-smorest blueprint that refuses unknown parameters and fields everywhere."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_smorest import Blueprint
from flask_smorest.arguments import FlaskParser
from marshmallow import RAISE

from imigr_gateway.asked import refuse
from imigr_kit.bounds import outside


class StrictParser(FlaskParser):
    """webargs leaves unknown query parameters out; a misspelt filter would then silently find too much."""

    DEFAULT_UNKNOWN_BY_LOCATION: ClassVar[dict[str, Any]] = {"json": RAISE, "query": RAISE, "form": RAISE}

    def parse(self, *given: Any, **options: Any) -> Any:
        """As webargs', and then every number has 64 bits: in an address it is a text until here."""
        parsed = super().parse(*given, **options)
        refuse(list(outside(parsed)))
        return parsed


class StrictBlueprint(Blueprint):
    """Set before any route is declared, since flask-smorest reads the parser then."""

    ARGUMENTS_PARSER = StrictParser()

    def arguments(self, schema: Any, **options: Any) -> Any:
        """As flask-smorest's, with one schema object for all requests: making one costs more than using it."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)
