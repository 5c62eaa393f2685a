class Engine:
    """An RTP engine controlled through a listening Unix SOCK_SEQPACKET socket, which stays the caller's.

    RTP ports are the even ones from `first_port` to `last_port`, each with the odd one above it for RTCP. A session
    without RTP outlives its controller by `orphan_seconds`. `batched` sends through io_uring where the kernel allows
    it. Raises OSError saying what cannot be had.
    """

    def __init__(
        self, listen_fd: int, first_port: int, last_port: int, *, orphan_seconds: int = 60, batched: bool = True
    ) -> None: ...
    def run(self) -> None:
        """Run the packet loop without the GIL until `stop` is called; closes all sessions. Once for each engine."""

    def stop(self) -> None:
        """End `run`, from any thread."""

    def lives(self) -> bool:
        """Whether the packet loop has come round since the last call, which this one asks it to do; from any thread."""
