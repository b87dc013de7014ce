// The probe: runs in a lab guest, takes one command a line on a virtio-serial port and answers each with one
// line of JSON. Every command runs in a process of its own, so that many are under way at once.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { MAX_WORDS = 64, MAX_PORTS = 32, MAX_SEEN = 1 << 20, DEFAULT_TIMEOUT_MS = 1000 };

// A command line cut into words: word[0] is the operation; words with a '=' are options, in any place after it.
struct args {
	int count;
	char *word[MAX_WORDS];
};

const char *arg(const struct args *args, int position); // NULL if there are not so many
long arg_number(const struct args *args, int position, long fallback);
const char *option(const struct args *args, const char *key);
long option_number(const struct args *args, const char *key, long fallback);

// The answer under construction; reply_send writes it as one line.
void reply_to(int fd, const char *id, const char *op);
void reply_bool(const char *key, bool value);
void reply_number(const char *key, long value);
void reply_text(const char *key, const char *value);
void reply_raw(const char *key, const char *json);
void reply_send(void);
size_t reply_room(void);

// What arrived at the servers of this guest, by protocol and port; shared by all processes.
struct port_count {
	int proto; // IPPROTO_TCP or IPPROTO_UDP; 0 = free
	int port;
	unsigned long opened;	 // connections accepted
	unsigned long datagrams; // UDP datagrams
	unsigned long bytes;
	unsigned long repeated; // datagrams whose number had been seen
	uint32_t seen[MAX_SEEN / 32];
};

extern struct port_count *counts; // MAX_PORTS of them
struct port_count *count_of(int proto, int port);

int64_t now_ms(void);
void sleep_until(int64_t ms);
const char *why(int error);

// Address, port and (option from=, sport=) own address of a probe; false: answered with the error already.
struct ends {
	struct sockaddr_storage to, from;
	socklen_t length;
	bool bound;
};
bool parse_ends(const struct args *args, int port, struct ends *ends);
void set_port(struct sockaddr_storage *address, int port);

void serve(const int *ports, int count);
void op_tcp(const struct args *args);
void op_stream(const struct args *args);
void op_udp(const struct args *args);
void op_flood(const struct args *args);
void op_ping(const struct args *args);
void op_count(const struct args *args);
void op_seen(const struct args *args);
void op_claim(const struct args *args);
void op_raw(const struct args *args);
void op_sniff(const struct args *args);
void op_addr(const struct args *args);
void op_sh(const struct args *args);
