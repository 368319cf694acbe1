"""Long-lived streams, in a process of their own: gthread workers would be used up by people who only listen."""
