// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads through a lookup's result without looking whether there is one: the verifier must refuse it. */
#include "maps.h"

SEC("tc")
int from_vm(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct merlon_port *found = bpf_map_lookup_elem(&ports, &zero);

	return found->vnic;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
