// Words in, JSON out, addresses, clock.
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *arg(const struct args *args, int position)
{
	for (int i = 0; i < args->count; i++)
		if (!strchr(args->word[i], '=') && position-- == 0)
			return args->word[i];
	return NULL;
}

long arg_number(const struct args *args, int position, long fallback)
{
	const char *text = arg(args, position);
	return text ? strtol(text, NULL, 10) : fallback;
}

const char *option(const struct args *args, const char *key)
{
	size_t length = strlen(key);
	for (int i = 1; i < args->count; i++)
		if (strncmp(args->word[i], key, length) == 0 && args->word[i][length] == '=')
			return args->word[i] + length + 1;
	return NULL;
}

long option_number(const struct args *args, const char *key, long fallback)
{
	const char *text = option(args, key);
	return text ? strtol(text, NULL, 10) : fallback;
}

static char line[128 * 1024];
static size_t line_used;
static int line_fd;

size_t reply_room(void)
{
	return sizeof(line) - line_used - 4;
}

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	int wrote = vsnprintf(line + line_used, reply_room(), format, values);
	va_end(values);
	if (wrote > 0 && (size_t)wrote < reply_room())
		line_used += (size_t)wrote;
}

static void put_quoted(const char *text)
{
	put("\"");
	for (; *text && reply_room() > 16; text++) {
		if (*text == '"' || *text == '\\')
			put("\\%c", *text);
		else if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			put("\\u%04x", (unsigned char)*text);
		else
			put("%c", *text);
	}
	put("\"");
}

void reply_to(int fd, const char *id, const char *op)
{
	line_fd = fd;
	line_used = 0;
	put("{\"id\":");
	put_quoted(id);
	reply_text("op", op);
}

void reply_bool(const char *key, bool value)
{
	reply_raw(key, value ? "true" : "false");
}

void reply_number(const char *key, long value)
{
	put(",\"%s\":%ld", key, value);
}

void reply_text(const char *key, const char *value)
{
	put(",\"%s\":", key);
	put_quoted(value);
}

void reply_raw(const char *key, const char *json)
{
	put(",\"%s\":%s", key, json);
}

// The host may be gone or slow: wait, then drop the answer rather than hang. A client that came a moment ago looks
// hung up until the kernel has read the message that it is there, which its first commands can overtake.
void reply_send(void)
{
	put("}\n");
	size_t sent = 0;
	for (int64_t until = now_ms() + 5000; sent < line_used && now_ms() < until;) {
		ssize_t wrote = write(line_fd, line + sent, line_used - sent);
		if (wrote > 0)
			sent += (size_t)wrote;
		else
			usleep(10000);
	}
}

int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void sleep_until(int64_t ms)
{
	int64_t left = ms - now_ms();
	if (left > 0)
		usleep((useconds_t)(left * 1000));
}

const char *why(int error)
{
	switch (error) {
	case 0:
		return "";
	case ETIMEDOUT:
	case EAGAIN:
	case EINPROGRESS:
		return "timeout";
	case ECONNREFUSED:
		return "refused";
	case ECONNRESET:
	case EPIPE:
		return "reset";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "unreachable";
	case EACCES:
		return "prohibited";
	default:
		return strerror(error);
	}
}

static bool parse_address(const char *text, struct sockaddr_storage *address, socklen_t *length)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		*length = sizeof(*four);
		return true;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr) ? 2 : 0; // eth0, the only one
		*length = sizeof(*six);
		return true;
	}
	return false;
}

void set_port(struct sockaddr_storage *address, int port)
{
	// sin_port and sin6_port are in the same place.
	((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
}

bool parse_ends(const struct args *args, int port, struct ends *ends)
{
	const char *to = arg(args, 1), *from = option(args, "from");
	socklen_t from_length = 0;
	ends->bound = from || option(args, "sport");
	bool good = to && parse_address(to, &ends->to, &ends->length);
	if (good && from)
		good = parse_address(from, &ends->from, &from_length) && from_length == ends->length;
	else if (good) {
		memset(&ends->from, 0, sizeof(ends->from));
		ends->from.ss_family = ends->to.ss_family;
	}
	if (!good) {
		reply_bool("ok", false);
		reply_text("error", "address?");
		return false;
	}
	set_port(&ends->to, port);
	set_port(&ends->from, (int)option_number(args, "sport", 0));
	return true;
}
