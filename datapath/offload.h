/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a guest may leave to the host (in its virtio header), which does it when both hooks have read the packet.
 *
 * One checksum (CHECKSUM_PARTIAL): 16 bits that the guest has chosen are written at a place that the guest names. It
 * must not be a field that anybody was judged by. The checksum's own place is right, and so is payload that is not
 * read here (a guest's own tunnels).
 *
 * Cutting a super-packet. TCP and UDP segments keep the headers that were judged. A datagram cut into IP fragments
 * (SKB_GSO_UDP) does so only where its pieces begin at multiples of 8, else they lie over each other; and what is a
 * fragment already gets new offsets from 0 on: a later one would become the first, with ports that nobody has seen.
 */
#ifndef MERLON_OFFLOAD_H
#define MERLON_OFFLOAD_H

#include <bpf/bpf_core_read.h>

#include "parse.h"

#define CHECKSUM_PARTIAL 3
#define SKB_GSO_UDP (1u << 16)
#define ICMP_UNREACHABLE 3
#define ICMP_PROHIBITED 13
#define ICMP6_UNREACHABLE 1
#define ICMP6_PROHIBITED 1

/* The kernel's own, as far as it is read. struct __sk_buff shows none of it. */
struct sk_buff {
	unsigned char *head, *data;
	__u32 end;
	__u16 csum_start, csum_offset;
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

/* The kernel's own struct without a call for each field: from 6.2 on, when this function of a cgroup's came too. */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;
enum bpf_func_id___shown {
	BPF_FUNC_cgrp_storage_get___shown = 210,
};

struct skb_shared_info {
	__u32 gso_type;
} __attribute__((preserve_access_index));

static __always_inline __u32 ip_summed(struct __sk_buff *skb)
{
	const struct sk_buff *kernel = (const struct sk_buff *)skb;

	if (!bpf_core_enum_value_exists(enum bpf_func_id___shown, BPF_FUNC_cgrp_storage_get___shown))
		return BPF_CORE_READ_BITFIELD_PROBED(kernel, ip_summed);
	kernel = bpf_cast_to_kern_ctx(skb);
	return BPF_CORE_READ_BITFIELD(kernel, ip_summed);
}

/* "Administratively prohibited". Bytes 4 to 7 of it are unused; a UDP checksum's place is among them (reject.h). */
static __always_inline bool is_refusal(const struct packet *p)
{
	if (p->proto == PROTO_ICMP)
		return p->icmp_type == ICMP_UNREACHABLE && p->icmp_code == ICMP_PROHIBITED;
	return p->proto == PROTO_ICMP6 && p->icmp_type == ICMP6_UNREACHABLE && p->icmp_code == ICMP6_PROHIBITED;
}

/* Of the bytes that are summed. From the Ethernet header on; wraps to a large number where it lies before it. */
static __always_inline __u32 checksum_start(const struct sk_buff *skb)
{
	unsigned char *head, *data;
	__u16 start;

	if (bpf_core_read(&head, sizeof(head), &skb->head) || bpf_core_read(&data, sizeof(data), &skb->data) ||
	    bpf_core_read(&start, sizeof(start), &skb->csum_start))
		return 0;
	return start - (__u32)(data - head);
}

static __always_inline __u32 checksum_place(const struct sk_buff *skb)
{
	__u32 start = checksum_start(skb);
	__u16 offset;

	return !start || bpf_core_read(&offset, sizeof(offset), &skb->csum_offset) ? 0 : start + offset;
}

/* Where the checksum of a protocol that is read here stands behind p->l4, and how much of it is read. */
static __always_inline bool harmless_place(const struct packet *p, __u32 at)
{
	switch (p->fragment == FRAGMENT_LATER ? 0 : p->proto) {
	case PROTO_TCP:
		return at == 16 || at >= p->l4_length - p->data_length;
	case PROTO_UDP:
		return at == 6 || at >= sizeof(struct udp);
	case PROTO_SCTP:
		return at == 8 || at >= 12;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return at == 2 || (at == 6 && is_refusal(p));
	case PROTO_IGMP:
		return at == 2;
	}
	return true;
}

/* True for a packet whose headers will not be the ones that were read. */
static __noinline int rewritten(struct __sk_buff *skb, const struct packet *p)
{
	const struct sk_buff *kernel = (const struct sk_buff *)skb;
	__u32 at;

	if (ip_summed(skb) != CHECKSUM_PARTIAL)
		return 0;
	at = checksum_place(kernel);
	/* p->l4 is 0 where no IP header was read. */
	return !p->l4 || at < p->l4 || at >= skb->len || !harmless_place(p, at - p->l4);
}

/* True for a packet that becomes others than were read. */
static __noinline int recut(struct __sk_buff *skb, const struct packet *p)
{
	const struct sk_buff *kernel = (const struct sk_buff *)skb;
	struct skb_shared_info *shared;
	unsigned char *head;
	__u32 end, type;

	if (!skb->gso_size)
		return 0;
	if (p->fragment || bpf_core_read(&head, sizeof(head), &kernel->head) || bpf_core_read(&end, sizeof(end), &kernel->end))
		return 1;
	shared = (struct skb_shared_info *)(head + end);
	if (bpf_core_read(&type, sizeof(type), &shared->gso_type))
		return 1;
	return type & SKB_GSO_UDP && skb->gso_size % 8;
}

#endif
