// ICMP and ICMPv6 echo.
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static uint16_t checksum(const void *data, size_t length)
{
	const uint16_t *word = data;
	uint32_t sum = 0;
	for (; length > 1; length -= 2)
		sum += *word++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// Both families' echo header is type, code, checksum, id, sequence; the kernel fills in ICMPv6's checksum.
static int send_echo(int fd, const struct ends *ends, uint16_t id, uint16_t sequence)
{
	bool six = ends->to.ss_family == AF_INET6;
	struct icmphdr echo[4] = { { .type = six ? ICMP6_ECHO_REQUEST : ICMP_ECHO } };
	echo[0].un.echo.id = htons(id);
	echo[0].un.echo.sequence = htons(sequence);
	if (!six)
		echo[0].checksum = checksum(echo, sizeof(echo));
	return sendto(fd, echo, sizeof(echo), 0, (const struct sockaddr *)&ends->to, ends->length) < 0 ? errno : 0;
}

static bool is_answer(const unsigned char *packet, ssize_t length, bool six, uint16_t id, uint16_t sequence)
{
	struct icmphdr echo;
	int skip = six ? 0 : (packet[0] & 15) * 4; // raw IPv4 sockets deliver the IP header too
	if (length < skip + (ssize_t)sizeof(echo))
		return false;
	memcpy(&echo, packet + skip, sizeof(echo));
	return echo.type == (six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) && echo.un.echo.id == htons(id) &&
		echo.un.echo.sequence == htons(sequence);
}

static bool await(int fd, bool six, uint16_t id, uint16_t sequence, int64_t deadline)
{
	unsigned char packet[2048];
	for (int64_t left; (left = deadline - now_ms()) > 0;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		if (poll(&wait, 1, (int)left) <= 0)
			return false;
		ssize_t got = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (got > 0 && is_answer(packet, got, six, id, sequence))
			return true;
	}
	return false;
}

// ping ADDR [COUNT] [timeout=MS] [interval=MS] [from=ADDR]
void op_ping(const struct args *args)
{
	struct ends ends;
	long total = arg_number(args, 2, 1), timeout = option_number(args, "timeout", DEFAULT_TIMEOUT_MS), received = 0;
	long interval = option_number(args, "interval", 0);
	if (!parse_ends(args, 0, &ends))
		return;
	bool six = ends.to.ss_family == AF_INET6;
	int fd = socket(ends.to.ss_family, SOCK_RAW, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP), error = 0;
	uint16_t id = (uint16_t)getpid();
	if (ends.bound && bind(fd, (struct sockaddr *)&ends.from, ends.length) < 0)
		error = errno;
	int64_t start = now_ms();
	for (long i = 0; i < total && !(ends.bound && error); i++) {
		if (interval)
			sleep_until(start + i * interval);
		int sending = send_echo(fd, &ends, id, (uint16_t)i);
		if (sending)
			error = sending;
		else if (await(fd, six, id, (uint16_t)i, now_ms() + timeout))
			received++;
	}
	reply_bool("ok", total > 0 && received == total);
	reply_number("sent", total);
	reply_number("received", received);
	reply_number("ms", (long)(now_ms() - start));
	reply_text("error", received == total ? "" : error ? why(error) : "timeout");
}
