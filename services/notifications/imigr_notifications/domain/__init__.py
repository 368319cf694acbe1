"""Messages, their planning, reminders and contacts: rules without any framework."""
