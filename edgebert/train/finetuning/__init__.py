"""Fine-tuning on labelled data: one module a task, and a row for it in `tasks`."""
