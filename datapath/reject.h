/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The answer to a packet that a rule rejects: a TCP reset (RFC 9293 3.10.7.1), else an ICMP error "administratively
 * prohibited" (RFC 1812 5.2.7.1, RFC 4443 3.1). The packet itself becomes the answer and goes back where it came from: at
 * from_vm out of the same tap, at to_vm in by the same tap, as if the guest had sent it, so that bridge, VLAN or routes
 * carry it home. There the hooks know it by its every byte but those that routers change, and let it pass once each.
 *
 * Never answered: resets, ICMP but echo requests, later fragments, groups, packets for another MAC or address than the VM's or for a VM
 * that has not spoken here yet (the bridge would learn from the answer that it is here), sources
 * that are nobody's, ends that have a live connection, IPv4 options, IPv6 extension headers, tagged frames. A VM's answers of a
 * direction are never more bytes than the rejected packets had, and ANSWERS_PER_SECOND at most.
 */
#ifndef MERLON_REJECT_H
#define MERLON_REJECT_H

#include "related.h"

#define ANSWERS_PER_SECOND 128u
#define ANSWER_CREDIT_LIMIT 4096
#define ANSWER_LIFE_NS 1000000000ull
#define ANSWER_HOPS 64
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
	__u32 index = w->port.vm * 2 + w->in, now = w->now_ns / 1024000000, second;
	struct answer_account *a = bpf_map_lookup_elem(&answer_accounts, &index);

	if (!a)
		return false;
	second = a->second;
	if ((__s32)(now - second) > 0 && __sync_val_compare_and_swap(&a->second, second, now) == second)
		a->answers = 0;
	if (a->answers >= ANSWERS_PER_SECOND || __sync_fetch_and_add(&a->answers, 1) >= ANSWERS_PER_SECOND)
		return false;
	if (a->credit < ANSWER_CREDIT_LIMIT)
		__sync_fetch_and_add(&a->credit, (__s32)received);
	if (__sync_fetch_and_add(&a->credit, -(__s32)answer) >= (__s32)answer)
		return true;
	__sync_fetch_and_add(&a->credit, (__s32)answer);
	return false;
}

/* Nobody's own address (RFC 1122 3.2.1.3, RFC 4291 2.5.3): groups, broadcast, loopback, reserved, unspecified. */
static __always_inline bool nobody(const struct packet *p)
{
	const __u8 *a = p->source;
	const __u32 *words = (const __u32 *)a;

	if (p->family == FAMILY_4)
		return a[12] == 0 || a[12] == 127 || a[12] >= 224;
	return a[0] == 0xff || (!words[0] && !words[1] && !words[2] && words[3] <= bpf_htonl(1));
}

static __always_inline bool answerable(struct work *w)
{
	struct packet *p = &w->packet;
	__u32 header = p->family == FAMILY_4 ? sizeof(struct ip4) : sizeof(struct ip6);

	if (to_many(p) || p->fragment == FRAGMENT_LATER || p->source_mac[0] & 1 || nobody(p))
		return false;
	/* In a VM's name only where it is, from addresses that it may have, and not to itself: another's connection is nothing that it could reset. */
	if (w->in && (w->port.awaited || !own_mac(w, mac_word(p->destination_mac)) || own_mac(w, mac_word(p->source_mac)) ||
		      !(own_address(w, (struct address *)p->destination) || licensed(w, (struct address *)p->destination, ANY_PREFIX))))
		return false;
	if (p->tags || p->l4 - p->l3 != header)
		return false;
	if (p->proto == PROTO_TCP)
		return !(p->tcp_flags & TCP_RST);
	if (p->proto == PROTO_ICMP)
		return p->icmp_type == ICMP_ECHO;
	return p->proto != PROTO_ICMP6 || p->icmp_type == ICMP6_ECHO;
}

static __always_inline __u32 answer_length(const struct packet *p)
{
	if (p->proto == PROTO_TCP)
		return (p->family == FAMILY_4 ? sizeof(struct reset4) : sizeof(struct reset6)) - ANSWER_AT;
	return (p->family == FAMILY_4 ? sizeof(struct refusal4) : sizeof(struct refusal6)) - ANSWER_AT;
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
	h->ttl = ANSWER_HOPS;
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
	h->hop_limit = ANSWER_HOPS;
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
	__u32 start;

	*partial = BPF_CORE_READ_BITFIELD_PROBED(kernel, ip_summed) == CHECKSUM_PARTIAL;
	if (!*partial)
		return true;
	start = checksum_start(kernel);
	if (start != p->l4)
		return false;
	switch (p->proto) {
	case PROTO_TCP:
		return checksum_place(kernel) == start + 16;
	case PROTO_UDP:
		return checksum_place(kernel) == start + 6;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return checksum_place(kernel) == start + 2;
	}
	return false;
}

static __always_inline void compose_reset(struct work *w, bool partial)
{
	struct packet *p = &w->packet;
	struct reset4 *four = (struct reset4 *)w->answer;
	struct reset6 *six = (struct reset6 *)w->answer;

	if (p->family == FAMILY_4) {
		turn_ip4(&four->ip, p, PROTO_TCP, sizeof(four->tcp));
		turn_tcp(&four->tcp, p, partial);
	} else {
		turn_ip6(&six->ip, p, PROTO_TCP, sizeof(six->tcp));
		turn_tcp(&six->tcp, p, partial);
	}
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
	} else {
		if (bpf_skb_load_bytes(skb, p->l3, six->quote, QUOTE6))
			return 0;
		turn_ip6(&six->ip, p, PROTO_ICMP6, sizeof(six->icmp) + QUOTE6);
		turn_icmp(&six->icmp, p, sizeof(six->icmp) + QUOTE6, partial);
	}
	return 1;
}

/* The frame behind w->answer's first ANSWER_AT bytes. */
static __noinline int compose(struct __sk_buff *skb, struct work *w)
{
	struct reset4 *any = (struct reset4 *)w->answer;
	bool partial;

	__builtin_memset(w->answer, 0, sizeof(w->answer));
	if (!checksum_fits(skb, &w->packet, &partial))
		return 0;
	turn_frame(&any->frame, &w->packet);
	if (w->packet.proto != PROTO_TCP)
		return compose_refusal(skb, w, partial);
	compose_reset(w, partial);
	return 1;
}

/* Realm, and the IP packet but for hop limit and header checksum. 1 = w->answer_key says it. */
static __noinline int answer_key(struct __sk_buff *skb, struct work *w)
{
	struct answer_key *key = &w->answer_key;
	__u32 length = skb->len - sizeof(struct frame);

	__builtin_memset(key, 0, sizeof(*key));
	key->realm = w->port.realm;
	key->length = length;
	length -= 1;
	asm volatile("" : "+r"(length)); /* as in window_scale() */
	if (length >= ANSWER_BYTES || bpf_skb_load_bytes(skb, sizeof(struct frame), key->bytes, length + 1))
		return 0;
	if (w->packet.family == FAMILY_4) {
		key->bytes[8] = 0;
		key->bytes[10] = 0;
		key->bytes[11] = 0;
	} else {
		key->bytes[7] = 0;
	}
	return 1;
}

/* One more of this answer is on its way: several packets alike are each answered. */
static __always_inline bool expect(struct work *w)
{
	struct expected_answer *e = bpf_map_lookup_elem(&answers, &w->answer_key), fresh = {
		.expires_ns = w->now_ns + ANSWER_LIFE_NS, .vnic = w->port.vnic, .leaves = w->in, .arrives = 1,
	};

	if (!e || e->expires_ns < w->now_ns || e->vnic != w->port.vnic)
		return !bpf_map_update_elem(&answers, &w->answer_key, &fresh, BPF_ANY);
	__sync_fetch_and_add(&e->leaves, (__s32)w->in);
	__sync_fetch_and_add(&e->arrives, 1);
	return true;
}

static __always_inline bool rewrite(struct __sk_buff *skb, struct work *w, __u32 length)
{
	if (!compose(skb, w) || bpf_skb_change_tail(skb, length, 0))
		return false;
	length -= 1;
	asm volatile("" : "+r"(length)); /* as in window_scale() */
	if (length >= sizeof(w->answer) - ANSWER_AT ||
	    bpf_skb_store_bytes(skb, 0, (__u8 *)w->answer + ANSWER_AT, length + 1, BPF_F_RECOMPUTE_CSUM))
		return false;
	return answer_key(skb, w) && expect(w);
}

/* The rejected packet becomes its answer: TC_ACT_REDIRECT, or SHOT where there is none. */
static __noinline int answer(struct __sk_buff *skb, struct work *w)
{
	__u32 length = answer_length(&w->packet);

	if (!answerable(w) || !affordable(w, w->packet.length, length - sizeof(struct frame)) || !rewrite(skb, w, length)) {
		count(COUNTER_ANSWERS_HELD);
		return SHOT;
	}
	count(COUNTER_ANSWERS);
	return bpf_redirect(w->ifindex, w->in ? BPF_F_INGRESS : 0);
}

/* A reset or a refusal that this program wrote itself, on its way home. */
static __noinline int own_answer(struct __sk_buff *skb, struct work *w)
{
	struct expected_answer *e;
	__s32 *passes;

	if (w->packet.tags || !answer_key(skb, w))
		return 0;
	e = bpf_map_lookup_elem(&answers, &w->answer_key);
	if (!e || e->expires_ns < w->now_ns)
		return 0;
	/* Out of the VM only in the name of the one that rejected, and as it was written. */
	if (!w->in && (e->vnic != w->port.vnic || w->packet.hop_limit != ANSWER_HOPS))
		return 0;
	passes = w->in ? &e->arrives : &e->leaves;
	if (__sync_fetch_and_add(passes, -1) > 0)
		return 1;
	__sync_fetch_and_add(passes, 1);
	return 0;
}

static __always_inline bool may_be_answer(const struct packet *p)
{
	if (p->proto == PROTO_TCP)
		return p->tcp_flags == TCP_RST || p->tcp_flags == (TCP_RST | TCP_ACK);
	return is_refusal(p);
}

#endif
