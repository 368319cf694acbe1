"""What goes over HTTP: requests are checked against these, answers are described by them in OpenAPI."""
