// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The maps of the real program under programs that only send events: what the reader of the rings is tested with. */
#include "maps.h"
#ifndef MARK
#define MARK 0
#endif

static __always_inline void count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &which);

	if (n)
		(*n)++;
}

SEC("tc")
int from_vm(struct __sk_buff *skb)
{
	__u32 cpu = bpf_get_smp_processor_id();
	void *ring = bpf_map_lookup_elem(&rings, &cpu);
	struct merlon_event *event = ring ? bpf_ringbuf_reserve(ring, sizeof(*event), 0) : NULL;

	if (!event) {
		count(COUNTER_EVENTS_LOST);
		return PASS;
	}
	count(COUNTER_EVENTS_SENT);
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_boot_ns();
	event->packets[0] = skb->len;
	event->segment = cpu;
	event->type = EVENT_DENY;
	if (skb->len == 77)
		bpf_ringbuf_discard(event, 0);
	else
		bpf_ringbuf_submit(event, 0);
	return PASS;
}

SEC("tc")
int to_vm(struct __sk_buff *skb)
{
	return MARK;
}

SEC("tc")
int start_timer(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
