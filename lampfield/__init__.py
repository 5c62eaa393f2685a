"""Lampfield assembled: command line, configuration, supervisor, call control."""
