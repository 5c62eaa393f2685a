"""Notices: what needs somebody, told by webhook and mail, kept on disk until it is told."""
