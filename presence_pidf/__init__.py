"""What is known about people, and the documents that say so: PIDF, RPID, dialog-info. Knows no SIP messages and no sockets."""
