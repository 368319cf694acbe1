"""The main job played once over HTTP, told step by step (``make demo``)."""
