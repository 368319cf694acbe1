"""The directory service: municipalities, themes, local services, search."""
