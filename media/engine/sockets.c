#include "sockets.h"

#include <errno.h>
#include <unistd.h>

enum { RECEIVE_BUFFER = 65536 };

/* Expedited forwarding for voice (RFC 4594 §4.1): DSCP 46. */
static const int VOICE_TOS = 46 << 2;
static const int ON = 1;

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* `shared`: on a port that we hold already. Two engines never share one. */
static int open_one(const union address *local, bool shared, int *out)
{
    int family = local->any.sa_family;
    bool six = family == AF_INET6;
    int buffer = RECEIVE_BUFFER;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (six)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &ON, sizeof ON);
    setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_TCLASS : IP_TOS, &VOICE_TOS, sizeof VOICE_TOS);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &ON, sizeof ON);
    if (bind(fd, &local->any, address_size(local)) < 0) {
        int error = errno;
        close(fd);
        return error;
    }
    *out = fd;
    return 0;
}

int sockets_bind(struct sockets *sockets, const union address *local)
{
    union address rtcp = *local;
    address_set_port(&rtcp, address_port(local) + 1);
    *sockets = (struct sockets){-1, -1, -1};
    int error = open_one(local, false, &sockets->any);
    if (!error)
        error = open_one(&rtcp, false, &sockets->rtcp);
    if (error)
        sockets_close(sockets);
    else
        /* Bound exclusively; from now on `peer` may join. */
        setsockopt(sockets->any, SOL_SOCKET, SO_REUSEADDR, &ON, sizeof ON);
    return error;
}

int sockets_aim(struct sockets *sockets, const union address *local, const union address *remote)
{
    /* Never re-connected: what waits in the old socket came from the old address. */
    close_one(&sockets->peer);
    if (!address_known(remote))
        return 0;
    int fd = -1;
    int error = open_one(local, true, &fd);
    if (error)
        return error;
    if (connect(fd, &remote->any, address_size(remote)) < 0) {
        error = errno;
        close(fd);
        return error;
    }
    sockets->peer = fd;
    return 0;
}

void sockets_close(struct sockets *sockets)
{
    close_one(&sockets->any);
    close_one(&sockets->peer);
    close_one(&sockets->rtcp);
}
