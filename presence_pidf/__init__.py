"""What is known about people, and the documents that say so: PIDF, RPID, dialog-info. Knows neither SIP nor sockets."""
