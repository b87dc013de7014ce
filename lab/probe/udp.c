// Numbered datagrams, counted when their echo comes back.
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
	int fd;
	long echoes, strange;
	int error;
};

static void take_echoes(struct run *run, int wait_ms)
{
	char data[2048];
	struct pollfd wait = { .fd = run->fd, .events = POLLIN };
	if (poll(&wait, 1, wait_ms) <= 0)
		return;
	for (;;) {
		ssize_t got = recv(run->fd, data, sizeof(data), MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0)
			run->error = errno; // an ICMP error; the next recv tells more
		else if (got >= 4)
			run->echoes++;
		else
			run->strange++;
	}
}

static int parse_ports(const char *text, int *ports, int room)
{
	int count = 0;
	for (char *end; text && *text && count < room; text = *end ? end + 1 : end)
		ports[count++] = (int)strtol(text, &end, 10);
	return count;
}

static void send_number(struct run *run, struct ends *ends, long number, long size)
{
	char data[1472] = { 0 };
	uint32_t wire = htonl((uint32_t)number);
	memcpy(data, &wire, sizeof(wire));
	if (sendto(run->fd, data, (size_t)size, 0, (struct sockaddr *)&ends->to, ends->length) < 0)
		run->error = errno;
}

// udp ADDR PORT[,PORT...] COUNT [rate=PER-SECOND] [first=N] [size=BYTES] [timeout=MS] [from=] [sport=]
// Sends each number to every port, back to back, from one socket.
void op_udp(const struct args *args)
{
	struct ends ends;
	int ports[MAX_PORTS], port_count = parse_ports(arg(args, 2), ports, MAX_PORTS);
	long total = arg_number(args, 3, 1), first = option_number(args, "first", 0), size = option_number(args, "size", 16);
	long rate = option_number(args, "rate", 200), timeout = option_number(args, "timeout", DEFAULT_TIMEOUT_MS);
	if (!parse_ends(args, 0, &ends))
		return;
	struct run run = { .fd = socket(ends.to.ss_family, SOCK_DGRAM, 0) };
	size = size < 4 ? 4 : size > 1472 ? 1472 : size;
	if (ends.bound && bind(run.fd, (struct sockaddr *)&ends.from, ends.length) < 0)
		run.error = errno;
	int64_t start = now_ms();
	long sent = 0;
	for (long i = 0; i < total && !(ends.bound && run.error); i++) {
		for (int p = 0; p < port_count; p++, sent++) {
			set_port(&ends.to, ports[p]);
			send_number(&run, &ends, first + i, size);
		}
		int64_t due = start + (i + 1) * 1000 / rate, left = due - now_ms();
		take_echoes(&run, left > 0 ? (int)left : 0);
		if (i + 1 < total)
			sleep_until(due);
	}
	// The clock is read once: past the end between two readings, poll would be asked to wait for ever.
	int64_t end = now_ms() + timeout;
	for (int64_t left; run.echoes < sent && (left = end - now_ms()) > 0;)
		take_echoes(&run, (int)left);
	reply_bool("ok", sent > 0 && run.echoes == sent);
	reply_number("sent", sent);
	reply_number("echoes", run.echoes);
	reply_number("ms", (long)(now_ms() - start));
	reply_text("error", run.echoes == sent ? "" : run.error ? why(run.error) : "timeout");
}

// flood ADDR PORT SECONDS [rate=PER-SECOND]: numbered datagrams, each from a new source port, nothing awaited.
void op_flood(const struct args *args)
{
	struct ends ends;
	long rate = option_number(args, "rate", 0), sent = 0, failed = 0;
	int64_t start = now_ms(), end = start + arg_number(args, 3, 1) * 1000;
	if (!parse_ends(args, (int)arg_number(args, 2, 0), &ends))
		return;
	while (now_ms() < end) {
		struct run run = { .fd = socket(ends.to.ss_family, SOCK_DGRAM, 0) };
		send_number(&run, &ends, sent + failed, 16);
		close(run.fd);
		if (run.error)
			failed++;
		else
			sent++;
		if (rate)
			sleep_until(start + (sent + failed) * 1000 / rate);
	}
	reply_bool("ok", failed == 0);
	reply_number("sent", sent);
	reply_number("failed", failed);
	reply_number("ms", (long)(now_ms() - start));
}
