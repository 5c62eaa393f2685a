"""The API for programs: HTTP and JSON before the running server. Knows no SIP, no RTP and no file of the server."""
