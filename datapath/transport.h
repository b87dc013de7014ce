/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Transport headers of a packet, or of the one that an ICMP error quotes (8 bytes are promised there). */
#ifndef MERLON_TRANSPORT_H
#define MERLON_TRANSPORT_H

#include "maps.h"

#define PROTO_ICMP 1
#define PROTO_IGMP 2
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ICMP6 58
#define PROTO_SCTP 132

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20

#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO 8
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129

#define TCP_OPTIONS 40

struct tcp {
	__be16 source, destination;
	__be32 seq, ack;
	__u8 offset, flags;
	__be16 window, checksum, urgent;
};

struct icmp {
	__u8 type, code;
	__be16 checksum, id, sequence;
};

struct udp {
	__be16 source, destination, length, checksum;
};

static __always_inline void copy16(void *to, const void *from)
{
	__builtin_memcpy(to, from, 16);
}

/* ::ffff:a.b.c.d */
static __always_inline void map4(__u8 *out, __be32 address)
{
	__u32 *words = (__u32 *)out;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

static __always_inline bool same16(const __u8 *a, const __u8 *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

static __always_inline bool same6(const __u8 *a, const __u8 *b)
{
	return *(const __u32 *)a == *(const __u32 *)b && *(const __u16 *)(a + 4) == *(const __u16 *)(b + 4);
}

/* A MAC in one word, as licences have it. */
static __always_inline __u64 mac_word(const __u8 *mac)
{
	__u64 word = 0;

	__builtin_memcpy(&word, mac, 6);
	return word;
}

/* The window scale option (RFC 7323): 3, 3, shift. Returns shift + 1, 0 = not offered. */
static __noinline int window_scale(struct __sk_buff *skb, __u32 at, __u32 length)
{
	__u8 options[TCP_OPTIONS] = {};
	__u32 i, next = 0;

	/* 6.1 learns nothing from "is not 0": the bounds are told as one comparison of length - 1. */
	length -= 1;
	asm volatile("" : "+r"(length));
	if (length >= TCP_OPTIONS || bpf_skb_load_bytes(skb, at, options, length + 1))
		return 0;
	for (i = 0; i < TCP_OPTIONS - 2; i++) {
		if (i < next)
			continue;
		if (!options[i])
			return 0;
		if (options[i] == 1) {
			next = i + 1;
			continue;
		}
		if (options[i] == 3 && options[i + 1] == 3)
			return options[i + 2] > 14 ? 15 : options[i + 2] + 1;
		if (options[i + 1] < 2)
			return 0;
		next = i + options[i + 1];
	}
	return 0;
}

static __always_inline int parse_tcp(struct __sk_buff *skb, struct packet *p)
{
	struct tcp h;
	__u32 header;

	if (p->l4_length < sizeof(h) || bpf_skb_load_bytes(skb, p->l4, &h, sizeof(h)))
		return REASON_TRUNCATED;
	header = (h.offset >> 4) * 4;
	if (header < sizeof(h))
		return REASON_MALFORMED;
	if (header > p->l4_length)
		return REASON_TRUNCATED;
	p->source_port = h.source;
	p->destination_port = h.destination;
	p->seq = bpf_ntohl(h.seq);
	p->ack = bpf_ntohl(h.ack);
	p->window = bpf_ntohs(h.window);
	p->tcp_flags = h.flags;
	p->data_length = p->l4_length - header;
	if (h.flags & TCP_SYN)
		p->tcp_scale = window_scale(skb, p->l4 + sizeof(h), header - sizeof(h));
	return 0;
}

static __always_inline int parse_udp(struct __sk_buff *skb, struct packet *p)
{
	struct udp h;
	__u32 length;

	if (p->l4_length < sizeof(h) || bpf_skb_load_bytes(skb, p->l4, &h, sizeof(h)))
		return REASON_TRUNCATED;
	p->source_port = h.source;
	p->destination_port = h.destination;
	length = bpf_ntohs(h.length);
	/* A first fragment states the length of the whole datagram. IPv6 stacks read 0 as "all of it" (RFC 2675). */
	if (!length && p->family == FAMILY_6)
		return 0;
	if (length < sizeof(h) || (!p->fragment && length > p->l4_length))
		return REASON_MALFORMED;
	return 0;
}

/*
 * The id stands for the port of the end that asks, id + 1 for that of the end that answers: one entry per echo
 * session, and a request from the answering end is another session, which nobody has judged yet.
 */
static __always_inline void echo_ports(struct packet *p, __be16 id)
{
	__be16 next = bpf_htons(bpf_ntohs(id) + 1);
	bool reply = p->icmp_type == (p->proto == PROTO_ICMP ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY);

	p->source_port = reply ? next : id;
	p->destination_port = reply ? id : next;
}

static __always_inline int parse_icmp(struct __sk_buff *skb, struct packet *p)
{
	struct icmp h;

	if (p->l4_length < sizeof(h) || bpf_skb_load_bytes(skb, p->l4, &h, sizeof(h)))
		return REASON_TRUNCATED;
	p->icmp_type = h.type;
	p->icmp_code = h.code;
	if (p->proto != PROTO_IGMP) /* which has a group there */
		echo_ports(p, h.id);
	return 0;
}

/* Only what ICMP must quote: ports, and TCP's sequence number behind them. */
static __always_inline int parse_quoted(struct __sk_buff *skb, struct packet *p)
{
	__u32 h[2];

	if (bpf_skb_load_bytes(skb, p->l4, h, sizeof(h)))
		return REASON_TRUNCATED;
	p->source_port = h[0] & 0xffff;
	p->destination_port = h[0] >> 16;
	p->seq = bpf_ntohl(h[1]);
	if (p->proto == PROTO_ICMP || p->proto == PROTO_ICMP6) {
		p->icmp_type = h[0] & 0xff;
		echo_ports(p, h[1] & 0xffff);
	} else if (p->proto != PROTO_TCP && p->proto != PROTO_UDP && p->proto != PROTO_SCTP) {
		p->source_port = p->destination_port = 0;
	}
	return 0;
}

static __noinline int parse_transport(struct __sk_buff *skb, struct packet *p, __u32 quoted)
{
	__u32 ports;

	if (quoted)
		return parse_quoted(skb, p);
	switch (p->proto) {
	case PROTO_TCP:
		return parse_tcp(skb, p);
	case PROTO_UDP:
		return parse_udp(skb, p);
	case PROTO_ICMP:
	case PROTO_ICMP6:
		/* The other family's ICMP has no meaning. */
		if ((p->proto == PROTO_ICMP) != (p->family == FAMILY_4))
			return REASON_MALFORMED;
		return parse_icmp(skb, p);
	case PROTO_IGMP:
		return parse_icmp(skb, p);
	case PROTO_SCTP:
		if (p->l4_length < 12 || bpf_skb_load_bytes(skb, p->l4, &ports, sizeof(ports)))
			return REASON_TRUNCATED;
		p->source_port = ports & 0xffff;
		p->destination_port = ports >> 16;
		return 0;
	}
	return 0;
}

#endif
