"""A whole call played by simulated phones over real sockets, told as a ladder."""
