"""Distances on the globe."""

from __future__ import annotations

import math
from collections.abc import Mapping

EARTH_KM = 6371.0088


def distance_km(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Great-circle distance (haversine)."""
    lat_a, lat_b = math.radians(a["lat"]), math.radians(b["lat"])
    d_lat, d_lon = lat_b - lat_a, math.radians(b["lon"] - a["lon"])
    h = math.sin(d_lat / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(h))
