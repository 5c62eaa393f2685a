/* IPv4 and IPv6 socket addresses. */
#ifndef MEDIA_ADDRESS_H
#define MEDIA_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_SIZE = INET6_ADDRSTRLEN + 9 };

/* Zeroed (AF_UNSPEC) is no address. */
union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static inline bool address_known(const union address *address)
{
    return address->any.sa_family != AF_UNSPEC;
}

/* Reads an IP literal without brackets and sets the port. */
bool address_parse_host(const char *host, unsigned port, union address *address);

/* Reads `1.2.3.4:5` or `[::1]:5`. */
bool address_parse(const char *text, union address *address);

/* Writes what address_parse reads. */
void address_format(const union address *address, char out[ADDRESS_TEXT_SIZE]);

bool address_equal(const union address *a, const union address *b);
bool address_same_host(const union address *a, const union address *b);
unsigned address_port(const union address *address);
/* True for 0.0.0.0 and ::. */
bool address_wildcard(const union address *address);
void address_set_port(union address *address, unsigned port);
socklen_t address_size(const union address *address);

#endif
