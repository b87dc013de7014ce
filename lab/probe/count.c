// What the servers received.
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// count [reset]
void op_count(const struct args *args)
{
	static char json[8192];
	size_t used = (size_t)sprintf(json, "[");
	bool reset = arg(args, 1) && strcmp(arg(args, 1), "reset") == 0;
	for (int i = 0; i < MAX_PORTS && counts[i].proto; i++) {
		struct port_count *it = &counts[i];
		used += (size_t)sprintf(json + used,
			"%s{\"proto\":\"%s\",\"port\":%d,\"opened\":%lu,\"datagrams\":%lu,\"bytes\":%lu,\"repeated\":%lu}",
			i ? "," : "", it->proto == IPPROTO_TCP ? "tcp" : "udp", it->port, it->opened, it->datagrams, it->bytes,
			it->repeated);
		if (reset) {
			it->opened = it->datagrams = it->bytes = it->repeated = 0;
			memset(it->seen, 0, sizeof(it->seen));
		}
	}
	strcpy(json + used, "]");
	reply_bool("ok", true);
	reply_raw("ports", json);
}

static bool has(const struct port_count *count, long number)
{
	return count->seen[number / 32] & (1u << number % 32);
}

// seen PORT [FIRST [COUNT]]: the numbers of the datagrams that arrived, as ranges "0-99,105".
void op_seen(const struct args *args)
{
	static char text[100 * 1024];
	size_t used = 0;
	struct port_count *count = count_of(IPPROTO_UDP, (int)arg_number(args, 1, 0));
	long first = arg_number(args, 2, 0);
	long end = first + arg_number(args, 3, MAX_SEEN);
	long total = 0;
	bool whole = true;
	if (!count || first < 0 || end > MAX_SEEN)
		end = count && first >= 0 ? MAX_SEEN : first;
	for (long number = first; number < end; number++) {
		if (!has(count, number))
			continue;
		long last = number;
		while (last + 1 < end && has(count, last + 1))
			last++;
		total += last - number + 1;
		if (used + 32 > sizeof(text))
			whole = false;
		else if (last > number)
			used += (size_t)sprintf(text + used, "%s%ld-%ld", used ? "," : "", number, last);
		else
			used += (size_t)sprintf(text + used, "%s%ld", used ? "," : "", number);
		number = last;
	}
	reply_bool("ok", whole);
	reply_number("total", total);
	reply_text("numbers", text);
}
