// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Somebody else's filter: drops IPv4 UDP datagrams to port 7790, accepts everything else for good. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define REFUSED 7790

SEC("tc")
int foreign(struct __sk_buff *skb)
{
	__u8 protocol;
	__be16 port;

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, ETH_HLEN + 9, &protocol, 1) || protocol != 17)
		return TC_ACT_OK;
	if (bpf_skb_load_bytes(skb, ETH_HLEN + 20 + 2, &port, 2))
		return TC_ACT_OK;
	return port == bpf_htons(REFUSED) ? TC_ACT_SHOT : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
