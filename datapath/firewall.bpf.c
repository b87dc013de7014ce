// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "maps.h"

SEC("tc")
int from_vm(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	struct merlon_port *port = bpf_map_lookup_elem(&ports, &ifindex);

	return !port || port->flags & PORT_CLOSED ? SHOT : PASS;
}

SEC("tc")
int to_vm(struct __sk_buff *skb)
{
	return from_vm(skb);
}

SEC("tc")
int start_timer(struct __sk_buff *skb)
{
	__u32 zero = 0;
	void *t = bpf_map_lookup_elem(&timer, &zero);
	void *c = bpf_map_lookup_elem(&control, &zero);

	return t && c ? 0 : SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
