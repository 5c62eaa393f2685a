"""What callers hear from the system: spoken prompts in five languages and music, as small Ogg Opus files."""
