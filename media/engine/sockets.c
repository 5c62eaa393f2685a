#include "sockets.h"

#include <errno.h>
#include <unistd.h>

/* More than a receive buffer holds of audio. */
enum { RECEIVE_BUFFER = 65536, MOST_WAITING = 256 };

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
    *sockets = (struct sockets){-1, -1, -1, -1};
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
    /* Not re-connected within a session: what waits in the old socket, or is just being put there, came from the old address. */
    close_one(&sockets->peer);
    close_one(&sockets->resting);
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

bool sockets_rest(struct sockets *sockets, const union address *local)
{
    if (sockets->resting >= 0)
        return true;
    /* Bound to any address, `peer` would keep the one that its first party was reached from. To itself, from where nobody else sends. */
    if (sockets->peer < 0 || address_wildcard(local) || connect(sockets->peer, &local->any, address_size(local)) < 0)
        return false;
    sockets->resting = sockets->peer;
    sockets->peer = -1;
    return true;
}

/* Throws one datagram away, or an error that waits; false where there is neither. */
static bool throw_away(int fd)
{
    char start;
    return recv(fd, &start, sizeof start, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

bool sockets_silent(const struct sockets *sockets)
{
    return !throw_away(sockets->any) && !throw_away(sockets->rtcp);
}

bool sockets_wake(struct sockets *sockets, const union address *remote)
{
    int fd = sockets->resting;
    if (fd < 0 || !address_known(remote) || connect(fd, &remote->any, address_size(remote)) < 0)
        return false;
    /* What was on its way when the socket was put to rest, and errors of the old party's. */
    for (int waiting = 0; waiting < MOST_WAITING; waiting++)
        if (!throw_away(fd)) {
            sockets->peer = fd;
            sockets->resting = -1;
            return true;
        }
    return false;
}

void sockets_close(struct sockets *sockets)
{
    close_one(&sockets->resting);
    close_one(&sockets->any);
    close_one(&sockets->peer);
    close_one(&sockets->rtcp);
}
