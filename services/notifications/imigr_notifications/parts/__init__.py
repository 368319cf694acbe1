"""Parts of the service class by subject; service.py puts them together."""
