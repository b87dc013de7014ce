// Echo servers on TCP and UDP, both families, counting what arrives.
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ECHO_ROOM = 16 * 1024 };
enum kind { LISTENER, DATAGRAM, CONNECTION };

struct endpoint {
	enum kind kind;
	int fd;
	struct port_count *count;
	size_t pending, done; // echo not yet taken by the peer: room[done..pending)
	char *room;
};

struct port_count *count_of(int proto, int port)
{
	for (int i = 0; i < MAX_PORTS; i++) {
		if (counts[i].proto == proto && counts[i].port == port)
			return &counts[i];
		if (counts[i].proto == 0) {
			counts[i].proto = proto;
			counts[i].port = port;
			return &counts[i];
		}
	}
	return NULL;
}

static void watch(int poll_fd, struct endpoint *endpoint, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = endpoint };
	epoll_ctl(poll_fd, operation, endpoint->fd, &event);
}

static void add(int poll_fd, enum kind kind, int fd, struct port_count *count)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	*endpoint = (struct endpoint){ .kind = kind, .fd = fd, .count = count };
	if (kind == CONNECTION)
		endpoint->room = malloc(ECHO_ROOM);
	watch(poll_fd, endpoint, EPOLL_CTL_ADD, EPOLLIN);
}

static bool open_port(int poll_fd, int type, int proto, int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int on = 1, off = 0;
	int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	struct port_count *count = count_of(proto, port);
	if (!count || bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || (type == SOCK_STREAM && listen(fd, 512) < 0))
		return false;
	add(poll_fd, type == SOCK_STREAM ? LISTENER : DATAGRAM, fd, count);
	return true;
}

static void on_listener(int poll_fd, struct endpoint *listener)
{
	int fd;
	while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		int on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		__atomic_add_fetch(&listener->count->opened, 1, __ATOMIC_RELAXED);
		add(poll_fd, CONNECTION, fd, listener->count);
	}
}

static void note(struct port_count *count, const char *data, ssize_t length)
{
	uint32_t number;
	count->datagrams++;
	count->bytes += (unsigned long)length;
	if (length < (ssize_t)sizeof(number))
		return;
	memcpy(&number, data, sizeof(number));
	number = ntohl(number);
	if (number >= MAX_SEEN)
		return;
	if (count->seen[number / 32] & (1u << number % 32))
		count->repeated++;
	count->seen[number / 32] |= 1u << number % 32;
}

// The answer must leave from the address that was asked: a guest may have several. The control data that came
// with the datagram says which one, and sendmsg takes it as it is.
static void on_datagram(struct endpoint *endpoint)
{
	char data[2048], control[256];
	struct sockaddr_storage peer;
	for (;;) {
		struct iovec part = { data, sizeof(data) };
		struct msghdr message = { .msg_name = &peer, .msg_namelen = sizeof(peer), .msg_iov = &part,
			.msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
		ssize_t got = recvmsg(endpoint->fd, &message, 0);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0)
			continue; // an ICMP error about an earlier answer
		note(endpoint->count, data, got);
		part.iov_len = (size_t)got;
		message.msg_flags = 0;
		sendmsg(endpoint->fd, &message, 0);
	}
}

static void end(struct endpoint *connection)
{
	close(connection->fd);
	free(connection->room);
	free(connection);
}

// Reads only when the last echo has left, so a slow peer holds back itself and nobody else.
static void on_connection(int poll_fd, struct endpoint *it)
{
	for (;;) {
		while (it->done < it->pending) {
			ssize_t wrote = write(it->fd, it->room + it->done, it->pending - it->done);
			if (wrote < 0 && errno == EAGAIN) {
				watch(poll_fd, it, EPOLL_CTL_MOD, EPOLLOUT);
				return;
			}
			if (wrote < 0) {
				end(it);
				return;
			}
			it->done += (size_t)wrote;
		}
		ssize_t got = read(it->fd, it->room, ECHO_ROOM);
		if (got < 0 && errno == EAGAIN) {
			watch(poll_fd, it, EPOLL_CTL_MOD, EPOLLIN);
			return;
		}
		if (got <= 0) {
			end(it);
			return;
		}
		__atomic_add_fetch(&it->count->bytes, (unsigned long)got, __ATOMIC_RELAXED);
		it->done = 0;
		it->pending = (size_t)got;
	}
}

void serve(const int *ports, int count)
{
	int poll_fd = epoll_create1(0);
	for (int i = 0; i < count; i++)
		if (!open_port(poll_fd, SOCK_STREAM, IPPROTO_TCP, ports[i]) || !open_port(poll_fd, SOCK_DGRAM, IPPROTO_UDP, ports[i]))
			return;
	for (;;) {
		struct epoll_event events[64];
		int ready = epoll_wait(poll_fd, events, 64, -1);
		for (int i = 0; i < ready; i++) {
			struct endpoint *endpoint = events[i].data.ptr;
			if (endpoint->kind == LISTENER)
				on_listener(poll_fd, endpoint);
			else if (endpoint->kind == DATAGRAM)
				on_datagram(endpoint);
			else
				on_connection(poll_fd, endpoint);
		}
	}
}
