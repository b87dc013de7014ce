// TCP from the client's side: one exchange, or a verified stream.
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ready(int fd, short events, int64_t deadline)
{
	struct pollfd wait = { .fd = fd, .events = events };
	int64_t left = deadline - now_ms();
	int got = poll(&wait, 1, left > 0 ? (int)left : 0);
	if (got == 0)
		errno = ETIMEDOUT;
	return got > 0;
}

// A connected, non-blocking socket, or -1 with errno.
static int connect_to(const struct ends *ends, int64_t deadline)
{
	int fd = socket(ends->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, error = 0;
	socklen_t length = sizeof(error);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (ends->bound && bind(fd, (const struct sockaddr *)&ends->from, ends->length) < 0)
		error = errno;
	else if (connect(fd, (const struct sockaddr *)&ends->to, ends->length) < 0 && errno != EINPROGRESS)
		error = errno;
	else if (!ready(fd, POLLOUT, deadline))
		error = errno;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (!error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

// The byte at each place of a stream is known, so that a lost, repeated or altered one shows.
static unsigned char pattern(uint64_t place)
{
	return (unsigned char)((place * 2654435761u) >> 13);
}

static bool exchange(int fd, long bytes, long *sent, long *received, int64_t deadline)
{
	unsigned char data[4096];
	while (*received < bytes) {
		bool more = *sent < bytes;
		if (!ready(fd, more ? POLLIN | POLLOUT : POLLIN, deadline))
			return false;
		long size = bytes - *sent < (long)sizeof(data) ? bytes - *sent : (long)sizeof(data);
		for (long i = 0; i < size; i++)
			data[i] = pattern((uint64_t)(*sent + i));
		ssize_t wrote = more ? send(fd, data, (size_t)size, 0) : 0;
		if (wrote < 0 && errno != EAGAIN)
			return false;
		*sent += wrote > 0 ? wrote : 0;
		ssize_t got = recv(fd, data, sizeof(data), 0);
		if (got == 0)
			errno = ECONNRESET;
		if (got == 0 || (got < 0 && errno != EAGAIN))
			return false;
		for (ssize_t i = 0; i < got; i++, ++*received)
			if (data[i] != pattern((uint64_t)*received)) {
				errno = EBADMSG;
				return false;
			}
	}
	return true;
}

// Closes first and waits for the other side, so that the kernel's count of segments is the whole connection's.
static void finish(int fd, int64_t deadline)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);
	char byte;
	shutdown(fd, SHUT_WR);
	while (ready(fd, POLLIN, deadline) && recv(fd, &byte, 1, 0) > 0)
		;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
		reply_number("segments_out", info.tcpi_segs_out);
		reply_number("segments_in", info.tcpi_segs_in);
		reply_number("retransmits", info.tcpi_total_retrans);
	}
	close(fd);
}

// tcp ADDR PORT [BYTES] [count=N rate=PER-SECOND] [timeout=MS] [from=ADDR] [sport=PORT]
void op_tcp(const struct args *args)
{
	struct ends ends;
	long bytes = arg_number(args, 3, 16), total = option_number(args, "count", 1), rate = option_number(args, "rate", 0);
	long timeout = option_number(args, "timeout", DEFAULT_TIMEOUT_MS), good = 0, sent = 0, received = 0;
	int error = 0;
	int64_t start = now_ms();
	if (!parse_ends(args, (int)arg_number(args, 2, 0), &ends))
		return;
	for (long i = 0; i < total; i++) {
		long out = 0, in = 0;
		if (rate)
			sleep_until(start + i * 1000 / rate);
		int64_t deadline = now_ms() + timeout;
		int fd = connect_to(&ends, deadline);
		bool done = fd >= 0 && exchange(fd, bytes, &out, &in, deadline);
		sent += out;
		received += in;
		good += done;
		if (!done)
			error = errno;
		if (fd >= 0 && done && total == 1)
			finish(fd, deadline);
		else if (fd >= 0)
			close(fd);
	}
	reply_bool("ok", good == total);
	reply_number("connected", good);
	reply_number("failed", total - good);
	reply_number("sent", sent);
	reply_number("received", received);
	reply_number("ms", (long)(now_ms() - start));
	reply_text("error", why(error));
}

// stream ADDR PORT SECONDS [rate=KB-PER-SECOND] [stall=MS]: ends early when nothing comes back for that long.
void op_stream(const struct args *args)
{
	struct ends ends;
	long sent = 0, received = 0, gap = 0, rate = option_number(args, "rate", 100);
	long stall = option_number(args, "stall", 3000);
	int64_t start = now_ms(), end = start + arg_number(args, 3, 1) * 1000, last;
	if (!parse_ends(args, (int)arg_number(args, 2, 0), &ends))
		return;
	int fd = connect_to(&ends, now_ms() + stall);
	bool good = fd >= 0;
	last = now_ms();
	while (good && now_ms() < end) {
		long target = (long)((now_ms() - start + 10) * rate);
		if (target > sent) {
			good = exchange(fd, target, &sent, &received, last + stall);
			int64_t now = now_ms();
			gap = now - last > gap ? (long)(now - last) : gap;
			last = now;
		}
		sleep_until(now_ms() + 5);
	}
	int error = good ? 0 : errno;
	reply_bool("ok", good);
	reply_number("sent", sent);
	reply_number("received", received);
	reply_number("ms", (long)(now_ms() - start));
	reply_number("longest_gap_ms", gap);
	reply_text("error", why(error));
	if (good)
		finish(fd, now_ms() + DEFAULT_TIMEOUT_MS);
}
