"""Voicemail: callers leave messages in boxes, and the boxes' readers listen to them by phone."""
