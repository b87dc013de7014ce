/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The answer to a packet that a rule rejects: a TCP reset (RFC 9293 3.10.7.1), else an ICMP error "administratively
 * prohibited" (RFC 1812 5.2.7.1, RFC 4443 3.1). The packet itself becomes the answer and goes back where it came from: at
 * from_vm out of the same tap, at to_vm in by the same tap, as if the guest had sent it, so that bridge, VLAN or routes
 * carry it home. There the hooks know it by its every byte from the addresses on, and let it pass once each.
 *
 * Never answered: resets, ICMP but echo requests, later fragments, groups, packets for another MAC or address than the VM's, IPv4
 * options, IPv6 extension headers, tagged frames. A VM's answers are never more bytes than the rejected packets had, and ANSWERS_PER_SECOND at most.
 */
#ifndef MERLON_REJECT_H
#define MERLON_REJECT_H

#include "related.h"

#define ANSWERS_PER_SECOND 128u
#define ANSWER_CREDIT_LIMIT 65536
#define ANSWER_LIFE_MS 1000u
#define QUOTE4 28              /* what RFC 792 asks for: header and 8 bytes */
#define QUOTE6 48

/* Two bytes ahead of the frame align what follows it. */
#define ANSWER_AT 2

struct reset4 {
	__u8 pad[ANSWER_AT];
	struct frame frame;
	struct ip4 ip;
	struct tcp tcp;
};

struct reset6 {
	__u8 pad[ANSWER_AT];
	struct frame frame;
	struct ip6 ip;
	struct tcp tcp;
};

struct refusal4 {
	__u8 pad[ANSWER_AT];
	struct frame frame;
	struct ip4 ip;
	struct icmp icmp;
	__u8 quote[QUOTE4];
};

struct refusal6 {
	__u8 pad[ANSWER_AT];
	struct frame frame;
	struct ip6 ip;
	struct icmp icmp;
	__u8 quote[QUOTE6];
};

/* Shared by the CPUs; whoever finds the account empty puts back what it took. */
static __always_inline bool affordable(struct work *w, __u32 received, __u32 answer)
{
	__u32 vm = w->port.vm, second = w->now_ms / 1024;
	struct answer_account *a = bpf_map_lookup_elem(&answer_accounts, &vm);

	if (!a)
		return false;
	if (a->second != second) {
		a->second = second;
		a->answers = 0;
	}
	if (a->credit < ANSWER_CREDIT_LIMIT)
		__sync_fetch_and_add(&a->credit, (__s32)received);
	if (a->answers >= ANSWERS_PER_SECOND)
		return false;
	if (__sync_fetch_and_add(&a->credit, -(__s32)answer) < (__s32)answer) {
		__sync_fetch_and_add(&a->credit, (__s32)answer);
		return false;
	}
	__sync_fetch_and_add(&a->answers, 1);
	return true;
}

static __always_inline bool answerable(struct work *w)
{
	struct packet *p = &w->packet;
	bool foreign = w->in && !same6(p->destination_mac, w->port.mac);

	if (to_many(p) || foreign || p->fragment == FRAGMENT_LATER || p->source_mac[0] & 1 || unspecified(p->source))
		return false;
	/* In a VM's name only from its own addresses: another's connection is nothing that it could reset. */
	if (w->in && !own_address(w, (struct address *)p->destination))
		return false;
	if (p->l3 != sizeof(struct frame) || p->l4 - p->l3 != (p->family == FAMILY_4 ? sizeof(struct ip4) : sizeof(struct ip6)))
		return false;
	if (p->proto == PROTO_TCP)
		return !(p->tcp_flags & TCP_RST);
	if (p->proto == PROTO_ICMP)
		return p->icmp_type == ICMP_ECHO;
	return p->proto != PROTO_ICMP6 || p->icmp_type == ICMP6_ECHO;
}

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static __always_inline __s64 sum_of(void *bytes, __u32 length, __s64 seed)
{
	return bpf_csum_diff(NULL, 0, bytes, length, seed);
}

/* What a pseudo header adds: addresses, protocol, length. IPv4-mapped addresses sum up as more than IPv4's own. */
static __always_inline __s64 pseudo_header(const struct packet *p, __u32 proto, __u32 length)
{
	__be32 rest[2] = {bpf_htonl(proto), bpf_htonl(length)};
	__u32 skip = p->family == FAMILY_4 ? 12 : 0;
	__s64 sum = sum_of(rest, sizeof(rest), 0);

	if (skip) {
		sum = sum_of((void *)p->source + 12, 4, sum);
		return sum_of((void *)p->destination + 12, 4, sum);
	}
	sum = sum_of((void *)p->source, 16, sum);
	return sum_of((void *)p->destination, 16, sum);
}

static __always_inline void turn_frame(struct frame *f, const struct packet *p)
{
	__builtin_memcpy(f->destination, p->source_mac, 6);
	__builtin_memcpy(f->source, p->destination_mac, 6);
	f->ethertype = p->family == FAMILY_4 ? bpf_htons(ETH_IP4) : bpf_htons(ETH_IP6);
}

static __always_inline void turn_ip4(struct ip4 *h, const struct packet *p, __u8 proto, __u32 length)
{
	h->version = 0x45;
	h->length = bpf_htons(sizeof(*h) + length);
	h->fragment = bpf_htons(0x4000);
	h->ttl = 64;
	h->proto = proto;
	__builtin_memcpy(&h->source, p->destination + 12, 4);
	__builtin_memcpy(&h->destination, p->source + 12, 4);
	h->checksum = ~fold(sum_of(h, sizeof(*h), 0));
}

static __always_inline void turn_ip6(struct ip6 *h, const struct packet *p, __u8 proto, __u32 length)
{
	h->flow = bpf_htonl(6u << 28);
	h->length = bpf_htons(length);
	h->next = proto;
	h->hop_limit = 64;
	__builtin_memcpy(h->source, p->destination, 16);
	__builtin_memcpy(h->destination, p->source, 16);
}

/* partial: the host still writes the checksum, over what stands in its field. */
static __always_inline void turn_tcp(struct tcp *h, const struct packet *p, bool partial)
{
	__u32 taken = p->data_length + !!(p->tcp_flags & TCP_SYN) + !!(p->tcp_flags & TCP_FIN);
	__s64 pseudo = pseudo_header(p, PROTO_TCP, sizeof(*h));

	h->source = p->destination_port;
	h->destination = p->source_port;
	h->offset = sizeof(*h) / 4 << 4;
	h->flags = TCP_RST;
	if (p->tcp_flags & TCP_ACK) {
		h->seq = bpf_htonl(p->ack);
	} else {
		h->flags |= TCP_ACK;
		h->ack = bpf_htonl(p->seq + taken);
	}
	h->checksum = partial ? fold(pseudo) : ~fold(sum_of(h, sizeof(*h), pseudo));
}

/*
 * partial: the packet's own checksum was to be written into bytes 6 and 7 of a UDP header. They are unused in this message,
 * and a checksum there makes the whole sum come out right as well: the message's own checksum field then stays 0.
 */
static __always_inline void turn_icmp(struct icmp *h, const struct packet *p, __u32 length, bool partial)
{
	bool four = p->family == FAMILY_4;
	__s64 pseudo = four ? 0 : pseudo_header(p, PROTO_ICMP6, length);
	bool own_place = p->proto == PROTO_ICMP || p->proto == PROTO_ICMP6;

	h->type = four ? ICMP_UNREACHABLE : ICMP6_UNREACHABLE;
	h->code = four ? ICMP_PROHIBITED : ICMP6_PROHIBITED;
	if (!partial)
		h->checksum = ~fold(four ? sum_of(h, sizeof(*h) + QUOTE4, pseudo) : sum_of(h, sizeof(*h) + QUOTE6, pseudo));
	else if (own_place)
		h->checksum = fold(pseudo);
	else
		h->sequence = fold(pseudo);
}

/* The checksum that is left to the host, if any, is the transport's own: it has a place in the answer too. */
static __always_inline bool checksum_fits(struct __sk_buff *skb, const struct packet *p, bool *partial)
{
	const struct sk_buff *kernel = (const struct sk_buff *)skb;
	__u32 at;

	*partial = BPF_CORE_READ_BITFIELD_PROBED(kernel, ip_summed) == CHECKSUM_PARTIAL;
	if (!*partial)
		return true;
	at = checksum_place(kernel) - p->l4;
	switch (p->proto) {
	case PROTO_TCP:
		return at == 16;
	case PROTO_UDP:
		return at == 6;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return at == 2;
	}
	return false;
}

static __always_inline int compose_reset(struct work *w, bool partial)
{
	struct packet *p = &w->packet;
	struct reset4 *four = (struct reset4 *)w->answer;
	struct reset6 *six = (struct reset6 *)w->answer;

	if (p->family == FAMILY_4) {
		turn_ip4(&four->ip, p, PROTO_TCP, sizeof(four->tcp));
		turn_tcp(&four->tcp, p, partial);
		return sizeof(*four) - ANSWER_AT;
	}
	turn_ip6(&six->ip, p, PROTO_TCP, sizeof(six->tcp));
	turn_tcp(&six->tcp, p, partial);
	return sizeof(*six) - ANSWER_AT;
}

static __always_inline int compose_refusal(struct __sk_buff *skb, struct work *w, bool partial)
{
	struct packet *p = &w->packet;
	struct refusal4 *four = (struct refusal4 *)w->answer;
	struct refusal6 *six = (struct refusal6 *)w->answer;

	if (p->family == FAMILY_4) {
		if (bpf_skb_load_bytes(skb, p->l3, four->quote, QUOTE4))
			return 0;
		turn_ip4(&four->ip, p, PROTO_ICMP, sizeof(four->icmp) + QUOTE4);
		turn_icmp(&four->icmp, p, 0, partial);
		return sizeof(*four) - ANSWER_AT;
	}
	if (bpf_skb_load_bytes(skb, p->l3, six->quote, QUOTE6))
		return 0;
	turn_ip6(&six->ip, p, PROTO_ICMP6, sizeof(six->icmp) + QUOTE6);
	turn_icmp(&six->icmp, p, sizeof(six->icmp) + QUOTE6, partial);
	return sizeof(*six) - ANSWER_AT;
}

/* The frame behind w->answer's first ANSWER_AT bytes; its length, or 0. */
static __noinline int compose(struct __sk_buff *skb, struct work *w)
{
	struct reset4 *any = (struct reset4 *)w->answer;
	bool partial;

	__builtin_memset(w->answer, 0, sizeof(w->answer));
	if (!checksum_fits(skb, &w->packet, &partial))
		return 0;
	turn_frame(&any->frame, &w->packet);
	return w->packet.proto == PROTO_TCP ? compose_reset(w, partial) : compose_refusal(skb, w, partial);
}

/* Realm, and the bytes from the addresses on: hop limit and MACs change on the way. 1 = w->answer_key says it. */
static __noinline int answer_key(struct __sk_buff *skb, struct work *w)
{
	__u32 from = sizeof(struct frame) + (w->packet.family == FAMILY_4 ? 12 : 8), length = skb->len - from;

	__builtin_memset(&w->answer_key, 0, sizeof(w->answer_key));
	w->answer_key.realm = w->port.realm;
	w->answer_key.length = length;
	length -= 1;
	asm volatile("" : "+r"(length)); /* as in window_scale() */
	if (length >= ANSWER_BYTES)
		return 0;
	return !bpf_skb_load_bytes(skb, from, w->answer_key.bytes, length + 1);
}

/* The rejected packet becomes its answer: TC_ACT_REDIRECT, or SHOT where there is none. */
static __noinline int answer(struct __sk_buff *skb, struct work *w)
{
	struct expected_answer expected = {.uses = w->in ? 2 : 1, .expires = w->now_ms + ANSWER_LIFE_MS};
	__u32 length;

	if (!answerable(w))
		return SHOT;
	length = compose(skb, w);
	if (!length || !affordable(w, w->packet.length, length - sizeof(struct frame))) {
		count(COUNTER_ANSWERS_HELD);
		return SHOT;
	}
	if (bpf_skb_change_tail(skb, length, 0))
		return SHOT;
	length -= 1;
	asm volatile("" : "+r"(length)); /* as in window_scale() */
	if (length >= sizeof(w->answer) - ANSWER_AT ||
	    bpf_skb_store_bytes(skb, 0, (__u8 *)w->answer + ANSWER_AT, length + 1, BPF_F_RECOMPUTE_CSUM))
		return SHOT;
	if (!answer_key(skb, w) || bpf_map_update_elem(&answers, &w->answer_key, &expected, BPF_ANY))
		return SHOT;
	count(COUNTER_ANSWERS);
	return bpf_redirect(w->ifindex, w->in ? BPF_F_INGRESS : 0);
}

/* A reset or a refusal that this program wrote itself, on its way home. */
static __noinline int own_answer(struct __sk_buff *skb, struct work *w)
{
	struct expected_answer *expected;

	if (!answer_key(skb, w))
		return 0;
	expected = bpf_map_lookup_elem(&answers, &w->answer_key);
	if (!expected || past(expected->expires, w->now_ms))
		return 0;
	if (__sync_fetch_and_add(&expected->uses, -1) > 0)
		return 1;
	__sync_fetch_and_add(&expected->uses, 1);
	return 0;
}

static __always_inline bool may_be_answer(const struct packet *p)
{
	if (p->proto == PROTO_TCP)
		return p->tcp_flags == TCP_RST || p->tcp_flags == (TCP_RST | TCP_ACK);
	return is_refusal(p);
}

#endif
