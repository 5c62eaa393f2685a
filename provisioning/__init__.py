"""Companies, people, phones, menus, queues and hours: stored, imported and exported as one TOML file."""
