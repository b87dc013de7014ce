// Reads commands from the port and starts a process for each.
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CANCEL = 0x18 };

struct port_count *counts;

static void op_hello(const struct args *args)
{
	(void)args;
	char host[65] = "";
	gethostname(host, sizeof(host) - 1);
	reply_text("vm", host);
	reply_bool("ok", true);
}

static void op_listen(const struct args *args)
{
	int ports[MAX_WORDS];
	int count = 0;
	for (int i = 1; arg(args, i); i++)
		ports[count++] = (int)arg_number(args, i, 0);
	if (fork() == 0) {
		serve(ports, count);
		_exit(1); // serve returns only if it cannot listen
	}
	reply_bool("ok", true);
}

static const struct {
	const char *name;
	void (*run)(const struct args *);
} OPERATIONS[] = {
	{ "hello", op_hello }, { "tcp", op_tcp },     { "udp", op_udp },     { "ping", op_ping },
	{ "stream", op_stream }, { "flood", op_flood }, { "listen", op_listen }, { "count", op_count },
	{ "seen", op_seen },   { "addr", op_addr },   { "claim", op_claim }, { "raw", op_raw },
	{ "sniff", op_sniff }, { "sh", op_sh },
};

static void run(int fd, char *line)
{
	struct args args = { 0 };
	char *rest = line;
	char *id = strsep(&rest, " ");
	for (char *word; args.count < MAX_WORDS && (word = strsep(&rest, " "));)
		if (*word)
			args.word[args.count++] = word;
	const char *op = args.count ? args.word[0] : "";
	reply_to(fd, id, op);
	for (size_t i = 0; i < sizeof(OPERATIONS) / sizeof(OPERATIONS[0]); i++) {
		if (strcmp(op, OPERATIONS[i].name) == 0) {
			OPERATIONS[i].run(&args);
			reply_send();
			return;
		}
	}
	reply_bool("ok", false);
	reply_text("error", "no such command");
	reply_send();
}

static void run_apart(int fd, char *line)
{
	pid_t child;

	// A client begins with a cancelled line: it ends the half one that the client before it may have left.
	if (*line == '\0' || line[strlen(line) - 1] == CANCEL)
		return;
	while ((child = fork()) < 0)
		usleep(20000);
	if (child > 0)
		return;
	signal(SIGCHLD, SIG_DFL);
	run(fd, line);
	_exit(0);
}

// With nobody at the other end a virtio port reads as end-of-file and polls as hung up: wait. Half a line stays: a client's
// first bytes can overtake the message that it is there.
static void read_commands(int fd)
{
	static char buffer[128 * 1024];
	size_t used = 0;
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		poll(&wait, 1, -1);
		ssize_t got = read(fd, buffer + used, sizeof(buffer) - 1 - used);
		if (got <= 0) {
			usleep(20000);
			continue;
		}
		used += (size_t)got;
		buffer[used] = '\0';
		char *start = buffer;
		for (char *end; (end = strchr(start, '\n')); start = end + 1) {
			*end = '\0';
			run_apart(fd, start);
		}
		used = (size_t)(buffer + used - start);
		memmove(buffer, start, used);
		if (used == sizeof(buffer) - 1)
			used = 0;
	}
}

// Every port is a line of its own, so that a long command of one client does not hold up another client.
static void answer_on(const char *device)
{
	int fd;
	while ((fd = open(device, O_RDWR | O_NONBLOCK)) < 0)
		usleep(20000);
	read_commands(fd);
}

int main(int argc, char **argv)
{
	int ports[MAX_PORTS], listening = 0, devices = 1;
	while (devices < argc && strcmp(argv[devices], "--") != 0)
		devices++;
	for (int i = devices + 1; i < argc && listening < MAX_PORTS; i++)
		ports[listening++] = atoi(argv[i]);
	if (devices < 2) {
		fprintf(stderr, "usage: probe DEVICE... [-- PORT...]\n");
		return 1;
	}
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	counts = mmap(NULL, sizeof(*counts) * MAX_PORTS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		return 1;
	if (fork() == 0) {
		serve(ports, listening);
		return 1;
	}
	for (int i = 1; i < devices - 1; i++)
		if (fork() == 0)
			answer_on(argv[i]);
	answer_on(argv[devices - 1]);
}
