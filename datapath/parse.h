/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frame -> struct packet. A guest chooses every byte: each length is checked against both the IP header
 * and the frame, and nothing is read past either. Headers are copied out with bpf_skb_load_bytes, since
 * a virtio header can leave only 14 linear bytes. Returns a merlon_reason, 0 = parsed.
 */
#ifndef MERLON_PARSE_H
#define MERLON_PARSE_H

#include "transport.h"

#define ETH_IP4 0x0800
#define ETH_ARP 0x0806
#define ETH_IP6 0x86dd
#define ETH_VLAN 0x8100
#define ETH_QINQ 0x88a8
#define TAGS 2

#define IP4_OPTIONS 40
#define EXTENSION_HEADERS 8 /* RFC 8200 asks for fewer; more than this is evasion */
#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_DESTINATION 60

struct frame {
	__u8 destination[6], source[6];
	__be16 ethertype;
} __attribute__((packed));

struct tag {
	__be16 control, ethertype; /* of what is behind it */
};

struct ip4 {
	__u8 version, tos;
	__be16 length, id, fragment;
	__u8 ttl, proto;
	__be16 checksum;
	__be32 source, destination;
};

struct ip6 {
	__be32 flow;
	__be16 length;
	__u8 next, hop_limit;
	__u8 source[16], destination[16];
};

struct extension {
	__u8 next, length;
	__be16 field;              /* fragment: offset and flags; routing: type, segments left */
	__be32 id;
};

/* A length of 0 is a guest's lie unless the frame is a super-packet too long for the field. */
static __always_inline __u32 stated_length(struct __sk_buff *skb, __u32 stated, __u32 real, __u32 quoted)
{
	return stated || quoted || !skb->gso_size ? stated : real;
}

static __always_inline int note_fragment(struct packet *p, __u32 offset, __u32 more)
{
	if (!offset && !more)
		return 0;
	p->fragment = offset ? FRAGMENT_LATER : FRAGMENT_FIRST;
	p->fragment_offset = offset;
	p->fragment_end = offset + p->l4_length;
	if (more && p->l4_length % 8)
		return REASON_MALFORMED;
	/* Reassembled it would not fit an IP packet ("ping of death"). */
	return offset + p->l4_length > 65535 ? REASON_MALFORMED : 0;
}

/* A source route (loose 131, strict 137) sends a packet elsewhere than where it is judged to go. at: first option. */
static __noinline int source_route(struct __sk_buff *skb, __u32 at, __u32 length)
{
	__u8 options[IP4_OPTIONS] = {};
	__u32 i, next = 0;

	length -= 1;
	asm volatile("" : "+r"(length)); /* as in window_scale() */
	if (length >= IP4_OPTIONS || bpf_skb_load_bytes(skb, at, options, length + 1))
		return 0;
	for (i = 0; i < IP4_OPTIONS - 1; i++) {
		if (i < next)
			continue;
		if (options[i] == 131 || options[i] == 137)
			return 1;
		if (!options[i])
			return 0;
		/* A length that no option has: what follows is read byte by byte. */
		next = i + (options[i] == 1 || options[i + 1] < 2 ? 1 : options[i + 1]);
	}
	return 0;
}

__noinline int parse_ip4(struct __sk_buff *skb, struct packet *p, __u32 at, __u32 quoted)
{
	struct ip4 h;
	__u32 header, length, real, fragment;
	int reason;

	if (!p)
		return REASON_TRUNCATED;
	if (at > skb->len || bpf_skb_load_bytes(skb, at, &h, sizeof(h)))
		return REASON_TRUNCATED;
	if (h.version >> 4 != 4)
		return REASON_MALFORMED;
	map4(p->source, h.source);
	map4(p->destination, h.destination);
	p->family = FAMILY_4;
	p->proto = h.proto;
	header = (h.version & 15) * 4;
	real = skb->len - at;
	length = stated_length(skb, bpf_ntohs(h.length), real, quoted);
	if (header < sizeof(h) || length < header)
		return REASON_MALFORMED;
	if (!quoted && length > real)
		return REASON_TRUNCATED;
	p->hop_limit = h.ttl;
	p->l3 = at;
	p->l4 = at + header;
	p->length = length;
	p->l4_length = length - header;
	p->fragment_id = h.id;
	if (header > sizeof(h) && !quoted && source_route(skb, at + sizeof(h), header - sizeof(h)))
		return REASON_EXTENSION_HEADER;
	fragment = bpf_ntohs(h.fragment);
	reason = note_fragment(p, (fragment & 0x1fff) * 8, fragment & 0x2000);
	if (reason || p->fragment == FRAGMENT_LATER)
		return reason;
	return parse_transport(skb, p, quoted);
}

/* One extension header; *next and *at move past it. */
static __always_inline int step_extension(struct __sk_buff *skb, struct packet *p, __u8 *next, __u32 *at, __u32 end)
{
	struct extension h;
	__u32 size;

	if (*at + sizeof(h) > end || bpf_skb_load_bytes(skb, *at, &h, sizeof(h)))
		return REASON_TRUNCATED;
	size = *next == NEXT_FRAGMENT ? 8 : (h.length + 1) * 8;
	/* Type 0 routing is forbidden (RFC 5095): it lets a guest bounce packets where it likes. */
	if (*next == NEXT_ROUTING && !(bpf_ntohs(h.field) >> 8))
		return REASON_EXTENSION_HEADER;
	if (*at + size > end)
		return REASON_TRUNCATED;
	*at += size;
	if (*next == NEXT_FRAGMENT) {
		__u32 field = bpf_ntohs(h.field);

		if (p->fragment_header)
			return REASON_EXTENSION_HEADER;
		p->fragment_header = 1;
		p->fragment_id = h.id;
		p->l4_length = end - *at;
		*next = h.next;
		/* "Atomic" fragments (RFC 6946) are whole packets. */
		return note_fragment(p, field & 0xfff8, field & 1);
	}
	*next = h.next;
	return 0;
}

/* Extension headers of the registry that this program does not walk: AH, mobility, HIP, Shim6, experiments. */
static __always_inline bool unknown_extension(__u8 next)
{
	return next == NEXT_HOP_BY_HOP || next == 51 || next == 135 || next == 139 || next == 140 || next >= 253;
}

static __always_inline bool known_extension(__u8 next)
{
	return next == NEXT_ROUTING || next == NEXT_FRAGMENT || next == NEXT_DESTINATION;
}

/* ::ffff:0:0/96 is how programs write IPv4 addresses, and how the tables here do: on the wire it would be taken for one. */
static __always_inline bool mapped(const __u8 *address)
{
	const __u32 *words = (const __u32 *)address;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

__noinline int parse_ip6(struct __sk_buff *skb, struct packet *p, __u32 at, __u32 quoted)
{
	struct ip6 h;
	__u32 length, real, end, i;
	__u8 next;

	if (!p)
		return REASON_TRUNCATED;
	if (at > skb->len || bpf_skb_load_bytes(skb, at, &h, sizeof(h)))
		return REASON_TRUNCATED;
	if (bpf_ntohl(h.flow) >> 28 != 6)
		return REASON_MALFORMED;
	copy16(p->source, h.source);
	copy16(p->destination, h.destination);
	p->family = FAMILY_6;
	if (!quoted && (mapped(p->source) || mapped(p->destination)))
		return REASON_MALFORMED;
	real = skb->len - at;
	if (real < sizeof(h))
		return REASON_TRUNCATED;
	length = stated_length(skb, bpf_ntohs(h.length), real - sizeof(h), quoted) + sizeof(h);
	if (!quoted && length > real)
		return REASON_TRUNCATED;
	p->hop_limit = h.hop_limit;
	p->l3 = at;
	p->length = length;
	end = at + length;
	at += sizeof(h);
	next = h.next;
	for (i = 0; i < EXTENSION_HEADERS; i++) {
		int reason;

		if (!known_extension(next) && !(next == NEXT_HOP_BY_HOP && i == 0))
			break;
		reason = step_extension(skb, p, &next, &at, end);
		if (reason)
			return reason;
		if (p->fragment == FRAGMENT_LATER)
			break;
	}
	p->proto = next;
	p->l4 = at;
	p->l4_length = end - at;
	if (p->fragment == FRAGMENT_LATER)
		return 0;
	if (known_extension(next) || unknown_extension(next))
		return REASON_EXTENSION_HEADER;
	return parse_transport(skb, p, quoted);
}

static __always_inline bool note_tag(struct packet *p, __u32 service, __u32 control)
{
	__u32 vlan = (control & 0xfff) | (service ? VLAN_SERVICE : 0);

	p->vlan |= p->tags ? vlan << 16 : vlan;
	return ++p->tags <= TAGS;
}

/* Takes the tags off: the one that the driver or the kernel took out of the frame, then those that stand in it. False
 * for one more than is read, or half of one. */
static __always_inline bool parse_tags(struct __sk_buff *skb, struct packet *p)
{
	struct tag h;
	__u32 i;

	if (skb->vlan_present && !note_tag(p, skb->vlan_proto == bpf_htons(ETH_QINQ), skb->vlan_tci))
		return false;
	for (i = 0; i <= TAGS; i++) {
		if (p->ethertype != ETH_VLAN && p->ethertype != ETH_QINQ)
			return true;
		if (bpf_skb_load_bytes(skb, p->l3, &h, sizeof(h)) ||
		    !note_tag(p, p->ethertype == ETH_QINQ, bpf_ntohs(h.control)))
			return false;
		p->ethertype = bpf_ntohs(h.ethertype);
		p->l3 += sizeof(h);
	}
	return false;
}

__noinline int parse_frame(struct __sk_buff *skb, struct packet *p)
{
	struct frame h;

	if (!p)
		return REASON_TRUNCATED;
	__builtin_memset(p, 0, sizeof(*p));
	if (bpf_skb_load_bytes(skb, 0, &h, sizeof(h)))
		return REASON_TRUNCATED;
	__builtin_memcpy(p->source_mac, h.source, 6);
	__builtin_memcpy(p->destination_mac, h.destination, 6);
	p->ethertype = bpf_ntohs(h.ethertype);
	p->l3 = sizeof(h);
	if (!parse_tags(skb, p))
		return REASON_VLAN_TAG;
	if (p->ethertype == ETH_IP4)
		return parse_ip4(skb, p, p->l3, 0);
	if (p->ethertype == ETH_IP6)
		return parse_ip6(skb, p, p->l3, 0);
	return p->ethertype == ETH_ARP ? 0 : REASON_ETHERTYPE;
}

#endif
