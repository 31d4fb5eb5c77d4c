"""Text in, answers out: engines, sessions and one module a task."""
