/* Datagrams in batches: one system call for up to 64 of them (recvmmsg, sendmmsg).
 *
 * The GIL is held throughout: the sockets never block (MSG_DONTWAIT), and giving the GIL away between two batches lets
 * another thread keep it for its whole switch interval (5 ms), which every caller would feel. Because it is held, one set
 * of buffers serves all sockets.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define BATCH 64
#define DATAGRAM 65536
#define CACHED 4096 /* a power of two */

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} Peer;

/* A peer's address as it was last turned into a (host, port) tuple: phones send often, so their strings are made once. */
typedef struct {
    Peer peer;
    PyObject *tuple;
} Cached;

typedef struct {
    struct mmsghdr messages[BATCH];
    struct iovec slices[BATCH];
    Peer peers[BATCH];
    char *buffers;
    Cached *cache;
} State;

static State *state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

static uint32_t mix(uint32_t hash, uint32_t word)
{
    hash ^= word;
    hash *= 0x9E3779B1u;
    return hash ^ (hash >> 15);
}

static uint32_t slot_of(const Peer *peer)
{
    uint32_t hash;
    if (peer->any.sa_family == AF_INET) {
        hash = mix(peer->v4.sin_addr.s_addr, peer->v4.sin_port);
    } else {
        uint32_t words[4];
        memcpy(words, &peer->v6.sin6_addr, sizeof words);
        hash = mix(mix(mix(mix(words[0], words[1]), words[2]), words[3]), peer->v6.sin6_port);
    }
    return hash & (CACHED - 1);
}

static int same_peer(const Peer *a, const Peer *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return 0;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr && a->v4.sin_port == b->v4.sin_port;
    return a->v6.sin6_port == b->v6.sin6_port && a->v6.sin6_scope_id == b->v6.sin6_scope_id &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

static PyObject *make_tuple(const Peer *peer)
{
    char host[INET6_ADDRSTRLEN + 12];
    if (peer->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &peer->v4.sin_addr, host, sizeof host);
        return Py_BuildValue("(sH)", host, ntohs(peer->v4.sin_port));
    }
    inet_ntop(AF_INET6, &peer->v6.sin6_addr, host, sizeof host);
    if (peer->v6.sin6_scope_id != 0) {
        size_t used = strlen(host);
        snprintf(host + used, sizeof host - used, "%%%u", peer->v6.sin6_scope_id);
    }
    return Py_BuildValue("(sH)", host, ntohs(peer->v6.sin6_port));
}

static PyObject *tuple_of(State *state, const Peer *peer)
{
    Cached *cached = &state->cache[slot_of(peer)];
    if (cached->tuple == NULL || !same_peer(&cached->peer, peer)) {
        PyObject *tuple = make_tuple(peer);
        if (tuple == NULL)
            return NULL;
        Py_XSETREF(cached->tuple, tuple);
        cached->peer = *peer;
    }
    return Py_NewRef(cached->tuple);
}

static PyObject *recv_batch(PyObject *module, PyObject *args)
{
    State *state = state_of(module);
    int fd, max;
    if (!PyArg_ParseTuple(args, "ii:recv_batch", &fd, &max))
        return NULL;
    if (max < 1 || max > BATCH)
        max = BATCH;
    for (int i = 0; i < max; i++) {
        struct msghdr *header = &state->messages[i].msg_hdr;
        state->slices[i] = (struct iovec){state->buffers + (size_t)i * DATAGRAM, DATAGRAM};
        *header = (struct msghdr){
            .msg_name = &state->peers[i], .msg_namelen = sizeof(Peer), .msg_iov = &state->slices[i], .msg_iovlen = 1};
    }
    int count;
    do
        count = recvmmsg(fd, state->messages, (unsigned)max, MSG_DONTWAIT, NULL);
    while (count < 0 && errno == EINTR);
    if (count < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return PyErr_SetFromErrno(PyExc_OSError);
        count = 0;
    }
    PyObject *batch = PyList_New(count);
    if (batch == NULL)
        return NULL;
    for (int i = 0; i < count; i++) {
        PyObject *data = PyBytes_FromStringAndSize(state->slices[i].iov_base, state->messages[i].msg_len);
        PyObject *from = tuple_of(state, &state->peers[i]);
        PyObject *pair = data && from ? PyTuple_Pack(2, data, from) : NULL;
        Py_XDECREF(data);
        Py_XDECREF(from);
        if (pair == NULL) {
            Py_DECREF(batch);
            return NULL;
        }
        PyList_SET_ITEM(batch, i, pair);
    }
    return batch;
}

static int read_v6(const char *host, long port, Peer *peer)
{
    char bare[INET6_ADDRSTRLEN + 1];
    const char *zone = strchr(host, '%');
    size_t length = zone ? (size_t)(zone - host) : strlen(host);
    if (length >= sizeof bare)
        return -1;
    memcpy(bare, host, length);
    bare[length] = '\0';
    peer->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET6, bare, &peer->v6.sin6_addr) != 1)
        return -1;
    if (zone) {
        char *end;
        peer->v6.sin6_scope_id = (uint32_t)strtoul(zone + 1, &end, 10);
        if (*end != '\0')
            peer->v6.sin6_scope_id = if_nametoindex(zone + 1);
    }
    return sizeof peer->v6;
}

/* Fills `peer` from a (host, port) tuple; the length of the address, or -1 with an exception set. */
static int read_peer(PyObject *address, Peer *peer)
{
    if (!PyTuple_Check(address) || PyTuple_GET_SIZE(address) != 2) {
        PyErr_SetString(PyExc_TypeError, "an address is a tuple (host, port)");
        return -1;
    }
    const char *host = PyUnicode_AsUTF8(PyTuple_GET_ITEM(address, 0));
    if (host == NULL)
        return -1;
    long port = PyLong_AsLong(PyTuple_GET_ITEM(address, 1));
    if (port == -1 && PyErr_Occurred())
        return -1;
    int length = -1;
    if (port >= 0 && port <= 65535) {
        if (strchr(host, ':')) {
            length = read_v6(host, port, peer);
        } else {
            peer->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
            if (inet_pton(AF_INET, host, &peer->v4.sin_addr) == 1)
                length = sizeof peer->v4;
        }
    }
    if (length < 0)
        PyErr_Format(PyExc_ValueError, "%R is not an IP address and a port", address);
    return length;
}

/* Points message `i` at one (data, (host, port)); -1 with an exception set. Borrows the bytes of `pair`. */
static int load(State *state, int i, PyObject *pair)
{
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2 || !PyBytes_Check(PyTuple_GET_ITEM(pair, 0))) {
        PyErr_SetString(PyExc_TypeError, "a datagram is a tuple (bytes, (host, port))");
        return -1;
    }
    PyObject *data = PyTuple_GET_ITEM(pair, 0);
    int length = read_peer(PyTuple_GET_ITEM(pair, 1), &state->peers[i]);
    if (length < 0)
        return -1;
    state->slices[i] = (struct iovec){PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data)};
    state->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &state->peers[i], .msg_namelen = (socklen_t)length, .msg_iov = &state->slices[i], .msg_iovlen = 1};
    return 0;
}

static int note_failure(PyObject *failures, Py_ssize_t index, int error)
{
    PyObject *failure = Py_BuildValue("(ni)", index, error);
    if (failure == NULL)
        return -1;
    int result = PyList_Append(failures, failure);
    Py_DECREF(failure);
    return result;
}

/* Sends from index `done` on; the new `done`, or -1 with an exception set. `*blocked` when the socket takes no more. */
static Py_ssize_t send_some(State *state, int fd, PyObject *list, Py_ssize_t done, PyObject *failures, int *blocked)
{
    int loaded = 0;
    while (loaded < BATCH && done + loaded < PyList_GET_SIZE(list)) {
        if (load(state, loaded, PyList_GET_ITEM(list, done + loaded)) < 0) {
            if (!PyErr_ExceptionMatches(PyExc_ValueError))
                return -1;
            PyErr_Clear(); /* not an address: fails alone, after those before it are sent */
            break;
        }
        loaded++;
    }
    if (loaded == 0)
        return note_failure(failures, done, EINVAL) < 0 ? -1 : done + 1;
    int count = sendmmsg(fd, state->messages, (unsigned)loaded, MSG_DONTWAIT);
    if (count >= 0)
        return done + count;
    if (errno == EINTR)
        return done;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
        *blocked = 1;
        return done;
    }
    /* The first of these cannot be sent (no route, too long, forbidden): the others can. */
    return note_failure(failures, done, errno) < 0 ? -1 : done + 1;
}

static PyObject *send_batch(PyObject *module, PyObject *args)
{
    State *state = state_of(module);
    int fd;
    PyObject *list;
    if (!PyArg_ParseTuple(args, "iO!:send_batch", &fd, &PyList_Type, &list))
        return NULL;
    PyObject *failures = PyList_New(0);
    if (failures == NULL)
        return NULL;
    Py_ssize_t done = 0;
    int blocked = 0;
    while (!blocked && done < PyList_GET_SIZE(list)) {
        done = send_some(state, fd, list, done, failures, &blocked);
        if (done < 0) {
            Py_DECREF(failures);
            return NULL;
        }
    }
    return Py_BuildValue("(nN)", done, failures);
}

static PyMethodDef methods[] = {
    {"recv_batch", recv_batch, METH_VARARGS,
     "recv_batch(fd, max) -> [(data, (host, port)), ...]: what waits on a UDP socket, at most 64; never blocks."},
    {"send_batch", send_batch, METH_VARARGS,
     "send_batch(fd, [(data, (host, port)), ...]) -> (done, [(index, errno), ...]): never blocks; `done` below the\n"
     "length means that the socket is full."},
    {NULL, NULL, 0, NULL},
};

static int prepare(PyObject *module)
{
    State *state = state_of(module);
    state->buffers = PyMem_Malloc((size_t)BATCH * DATAGRAM);
    state->cache = PyMem_Calloc(CACHED, sizeof(Cached));
    if (state->buffers == NULL || state->cache == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return PyModule_AddIntConstant(module, "BATCH", BATCH);
}

static void discard(void *module)
{
    State *state = state_of(module);
    if (state->cache != NULL)
        for (int i = 0; i < CACHED; i++)
            Py_XDECREF(state->cache[i].tuple);
    PyMem_Free(state->cache);
    PyMem_Free(state->buffers);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, prepare}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_batch",
    .m_doc = "Datagrams in batches through recvmmsg and sendmmsg.",
    .m_size = sizeof(State),
    .m_methods = methods,
    .m_slots = slots,
    .m_free = discard,
};

PyMODINIT_FUNC PyInit__batch(void)
{
    return PyModuleDef_Init(&definition);
}
