"""Sockets of the SIP stack."""
