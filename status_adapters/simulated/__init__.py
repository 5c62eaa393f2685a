"""A simulated world: the servers that adapters speak to, each played on loopback, with faults to order."""
