"""Runs the whole platform on one machine: servers, services, gateway and the receiving peers."""
