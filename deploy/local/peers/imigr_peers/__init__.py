"""Receiving peers for one machine: an SMS centre, a mail sink, and a page that shows what came in."""
