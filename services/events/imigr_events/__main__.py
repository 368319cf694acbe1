"""Starts the events service."""

from imigr_kit.launch import launch

if __name__ == "__main__":
    launch("imigr_events.service:EventsService")
