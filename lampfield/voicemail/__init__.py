"""Voicemail on disk and in the database: messages kept, lamps lit, mails sent."""
