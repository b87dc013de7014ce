/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses that a guest begins to use, told to user space where its Guard learns. Nothing here changes a verdict: what a vNIC does
 * not own stays dropped until map owners says otherwise.
 */
#ifndef MERLON_LEARN_H
#define MERLON_LEARN_H

#include "builtin.h"

/* Of one vNIC: four a second, and eight at once. */
#define CLAIM_EVERY_NS 250000000ull
#define CLAIMS_AT_ONCE_NS 2000000000ull

/* How long an answer may take; a client that asks again says so. */
#define DHCP_PATIENCE_NS 60000000000ull

#define BOOTP_REQUEST 1
#define BOOTP_REPLY 2
#define BOOTP_OPTIONS 240
#define DHCP_COOKIE 0x63825363
#define DHCP6_OPTIONS 4
#define DHCP6_SOLICIT 1
#define DHCP6_REQUEST 3
#define DHCP6_RENEW 5
#define DHCP6_REBIND 6
#define DHCP6_REPLY 7

struct bootp {
	__u8 op, hardware, hardware_size, hops;
	__be32 xid;
	__u8 times_and_flags[4];
	__u8 client[4];
	__u8 yours[4];
	__u8 others[8];
	__u8 mac[6];
};

/* What is to be told; at..end: options in the frame, none where they are equal. */
struct heard {
	struct address address;
	__u32 how, at, end;
};

static __always_inline struct learner *learner_of(struct work *w)
{
	__u32 slot = w->port.slot;
	struct learner *l = bpf_map_lookup_elem(&learners, &slot);

	if (l && l->vnic != w->port.vnic) {
		__builtin_memset(l, 0, sizeof(*l));
		l->vnic = w->port.vnic;
	}
	return l;
}

/* Of two CPUs that take one at a time, one is held. */
static __always_inline bool may_claim(struct work *w, struct learner *l)
{
	__u64 due = *(volatile __u64 *)&l->next_ns;
	__u64 next = (due > w->now_ns ? due : w->now_ns) + CLAIM_EVERY_NS;

	return next <= w->now_ns + CLAIMS_AT_ONCE_NS && __sync_val_compare_and_swap(&l->next_ns, due, next) == due;
}

static __noinline int fill_claim(struct __sk_buff *skb, const struct heard *heard, struct merlon_claim *c)
{
	__u32 length = heard->end - heard->at;

	c->how = heard->how;
	c->cut = length > MERLON_CLAIM_BYTES;
	copy16(c->address, heard->address.bytes);
	if (c->cut)
		length = MERLON_CLAIM_BYTES;
	c->length = length;
	length -= 1;
	asm volatile("" : "+r"(length)); /* as in window_scale() */
	if (length >= MERLON_CLAIM_BYTES || bpf_skb_load_bytes(skb, heard->at, c->options, length + 1))
		c->length = 0;
	return 0;
}

static __noinline int claim(struct __sk_buff *skb, struct work *w, const struct heard *heard)
{
	struct learner *l = learner_of(w);
	struct merlon_claim *c = l && may_claim(w, l) ? bpf_ringbuf_reserve(&claims, sizeof(*c), 0) : NULL;

	if (!c) {
		count(COUNTER_CLAIMS_HELD);
		return 0;
	}
	c->time_ns = w->now_ns;
	c->vnic = w->port.vnic;
	fill_claim(skb, heard, c);
	bpf_ringbuf_submit(c, 0);
	return 1;
}

static __always_inline bool own_macs(const struct work *w, const __u8 *said)
{
	return same6(said, w->port.mac) && same6(w->packet.source_mac, w->port.mac);
}

/* A sender that the vNIC does not own. A probe uses nothing yet: whoever hears of another's use goes back on it. */
__noinline int learn_arp(struct __sk_buff *skb, struct work *w)
{
	struct heard heard = {.how = CLAIM_ARP};
	struct arp h;

	if (!w || bpf_skb_load_bytes(skb, w->packet.l3, &h, sizeof(h)))
		return 0;
	if (h.hardware != bpf_htons(1) || h.protocol != bpf_htons(ETH_IP4) || h.hardware_size != 6 || h.protocol_size != 4)
		return 0;
	if ((h.operation != bpf_htons(ARP_REPLY) && h.operation != bpf_htons(ARP_REQUEST)) || !own_macs(w, h.sender_mac))
		return 0;
	if (unspecified(w->packet.source) || may_speak_for(w, (struct address *)w->packet.source))
		return 0;
	copy16(heard.address.bytes, w->packet.source);
	return claim(skb, w, &heard);
}

/* Where its options begin, with what it speaks for; 0 = it is no claim. */
static __always_inline __u32 nd_speaks(struct __sk_buff *skb, struct work *w, struct address *address)
{
	struct packet *p = &w->packet;

	copy16(address->bytes, p->source);
	if (p->icmp_type == ND_ROUTER_SOLICITATION)
		return p->l4 + 8;
	if (p->l4_length < 24)
		return 0;
	if (p->icmp_type == ND_NEIGHBOUR_ADVERTISEMENT) {
		if (bpf_skb_load_bytes(skb, p->l4 + 8, address->bytes, sizeof(*address)))
			return 0;
		/* An end speaks for one address by another only where that is its own. */
		if (!same16(address->bytes, p->source) && !may_speak_for(w, (struct address *)p->source))
			return 0;
	} else if (p->icmp_type != ND_NEIGHBOUR_SOLICITATION) {
		return 0;
	}
	return p->l4 + 24;
}

__noinline int learn_nd(struct __sk_buff *skb, struct work *w)
{
	struct heard heard = {.how = CLAIM_ND};
	struct packet *p;
	__u32 options;

	if (!w)
		return 0;
	p = &w->packet;
	if (p->fragment || p->hop_limit != 255 || p->icmp_code || !same6(p->source_mac, w->port.mac))
		return 0;
	options = nd_speaks(skb, w, &heard.address);
	if (!options || unspecified(heard.address.bytes) || may_speak_for(w, &heard.address) ||
	    nd_options(skb, w, options, p->l4 + p->l4_length, false))
		return 0;
	return claim(skb, w, &heard);
}

static __always_inline bool is_answer(const struct work *w, const struct learner *l, __u32 version, __u32 xid)
{
	return l->asked_ns[version] && l->asked[version] == xid && w->now_ns - l->asked_ns[version] < DHCP_PATIENCE_NS;
}

static __always_inline void asks(const struct work *w, struct learner *l, __u32 version, __u32 xid)
{
	l->asked[version] = xid;
	l->asked_ns[version] = w->now_ns;
}

static __always_inline int learn_dhcp4(struct __sk_buff *skb, struct work *w, struct learner *l, __u32 at, __u32 end)
{
	struct heard heard = {.how = CLAIM_DHCP4, .at = at + BOOTP_OPTIONS, .end = end};
	struct bootp h;
	__be32 cookie;

	if (heard.at >= end || bpf_skb_load_bytes(skb, at, &h, sizeof(h)) ||
	    bpf_skb_load_bytes(skb, heard.at - 4, &cookie, sizeof(cookie)))
		return 0;
	if (cookie != bpf_htonl(DHCP_COOKIE) || h.hardware != 1 || h.hardware_size != 6 || !same6(h.mac, w->port.mac))
		return 0;
	if (!w->in) {
		if (h.op == BOOTP_REQUEST)
			asks(w, l, 0, h.xid);
		return 0;
	}
	map4(heard.address.bytes, *(__be32 *)h.yours);
	if (h.op != BOOTP_REPLY || unspecified(heard.address.bytes) || !is_answer(w, l, 0, h.xid))
		return 0;
	return claim(skb, w, &heard);
}

static __always_inline int learn_dhcp6(struct __sk_buff *skb, struct work *w, struct learner *l, __u32 at, __u32 end)
{
	struct heard heard = {.how = CLAIM_DHCP6, .at = at + DHCP6_OPTIONS, .end = end};
	__u8 h[4]; /* type, transaction */
	__u32 xid;

	if (heard.at >= end || bpf_skb_load_bytes(skb, at, h, sizeof(h)))
		return 0;
	xid = h[1] << 16 | h[2] << 8 | h[3];
	if (!w->in) {
		if (h[0] == DHCP6_SOLICIT || h[0] == DHCP6_REQUEST || h[0] == DHCP6_RENEW || h[0] == DHCP6_REBIND)
			asks(w, l, 1, xid);
		return 0;
	}
	if (h[0] != DHCP6_REPLY || !is_answer(w, l, 1, xid))
		return 0;
	return claim(skb, w, &heard);
}

/* Of a client's packet or one to it: what the VM asks is remembered, from whatever address, and the answer to it told. Bytes behind the
 * datagram are none of it. */
__noinline int learn_dhcp(struct __sk_buff *skb, struct work *w)
{
	struct learner *l;
	__u32 at, end;
	__be16 length;

	if (!w || bpf_skb_load_bytes(skb, w->packet.l4 + 4, &length, sizeof(length)))
		return 0;
	l = learner_of(w);
	if (!l)
		return 0;
	at = w->packet.l4 + 8;
	end = w->packet.l4 + (length ? bpf_ntohs(length) : w->packet.l4_length);
	return w->packet.family == FAMILY_4 ? learn_dhcp4(skb, w, l, at, end) : learn_dhcp6(skb, w, l, at, end);
}

#endif
