/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One look: a packet of an established connection between two guarded VMs of one bridge is judged, stepped and counted by from_vm for
 * both hooks. Then it takes the short cut, straight to the other VM's interface, or the bridge where that must not be passed by. Whatever is not plainly the usual case goes on to hook(), which decides; nothing here drops.
 *
 * What must hold (docs/packet-path.md, One look): the entry was approved by both sides under the generation in force.
 * That is one number: `topology` changes with every generation and with every change of ports, bridges, VLANs or captures,
 * in one store together with the generation, and an entry is stamped with it by the to_vm that saw both approvals.
 */
#ifndef MERLON_CUT_H
#define MERLON_CUT_H

#include "trace.h"

/* A frame of each port goes by the bridge so often: its MAC table must not forget who lives where. */
#define BRIDGE_EVERY_MS 10000

#define BY_BRIDGE (-1)

/* What is read of a packet here: p's numbers as parse_frame() would have them, and the key of its entry. */
struct brief {
	struct packet p;           /* proto, tcp_flags, l4, length, data_length, fragment, seq, ack, window */
	__u32 source;              /* 0 a, 1 b: who sent it */
	__u32 tag;
};

static __always_inline struct merlon_way *way_of(__u32 ifindex)
{
	__u32 at = ifindex & (MERLON_WAYS - 1);
	struct merlon_way *way = bpf_map_lookup_elem(&ways, &at);

	return way && way->ifindex == ifindex ? way : NULL;
}

/* ns / 1000000 to a millisecond: a division would cost more than the lookup of the connection. */
static __always_inline __u32 cut_ms(__u64 ns)
{
	__u64 high = ns >> 32, low = ns & 0xffffffff;

	return high * 4294 + (high * 4057136 >> 22) + (low * 4398047 >> 42);
}

static __always_inline bool read_tcp(const void *at, const void *end, struct packet *p, __u32 l4_length)
{
	const struct tcp *h = at;
	__u32 header;

	if ((const void *)(h + 1) > end || l4_length < sizeof(*h))
		return false;
	header = (h->offset >> 4) * 4;
	/* Data and acknowledgements; whatever changes a state goes the slow way. */
	if (header < sizeof(*h) || header > l4_length || (h->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_URG | TCP_ACK)) != TCP_ACK)
		return false;
	p->source_port = h->source;
	p->destination_port = h->destination;
	p->seq = bpf_ntohl(h->seq);
	p->ack = bpf_ntohl(h->ack);
	p->window = bpf_ntohs(h->window);
	p->tcp_flags = h->flags;
	p->data_length = l4_length - header;
	return true;
}

/* DHCP is a builtin's, or an antiSpoof's. */
static __always_inline bool is_dhcp_port(__be16 port)
{
	return port == bpf_htons(67) || port == bpf_htons(68) || port == bpf_htons(546) || port == bpf_htons(547);
}

static __always_inline bool read_udp(const void *at, const void *end, struct packet *p, __u32 l4_length)
{
	const struct udp *h = at;

	if ((const void *)(h + 1) > end || bpf_ntohs(h->length) < sizeof(*h) || bpf_ntohs(h->length) > l4_length)
		return false;
	p->source_port = h->source;
	p->destination_port = h->destination;
	p->data_length = 0;
	return !is_dhcp_port(h->source) && !is_dhcp_port(h->destination);
}

static __always_inline bool read_transport(const void *at, const void *end, struct packet *p, __u32 l4_length)
{
	p->fragment = FRAGMENT_NONE;
	if (p->proto == PROTO_TCP)
		return read_tcp(at, end, p, l4_length);
	return p->proto == PROTO_UDP && read_udp(at, end, p, l4_length);
}

/* The second half of ::ffff:a.b.c.d. */
static __always_inline __u64 mapped_word(__be32 address)
{
	return bpf_htonl(0xffff) | (__u64)address << 32;
}

/* An IPv4 header without options, a whole packet. */
static __always_inline struct merlon_conn *find4(struct __sk_buff *skb, struct brief *b, __u32 segment)
{
	const struct ip4 *h = (void *)(long)skb->data + sizeof(struct frame);
	const void *end = (void *)(long)skb->data_end;
	struct merlon_key4 k = {.segment = segment};
	struct packet *p = &b->p;

	if ((const void *)(h + 1) > end || h->version != 0x45 || h->fragment & bpf_htons(0x3fff))
		return NULL;
	p->proto = h->proto;
	p->length = bpf_ntohs(h->length);
	p->l4 = sizeof(struct frame) + sizeof(*h);
	if (p->length < sizeof(*h) || p->length > skb->len - sizeof(struct frame) || !read_transport(h + 1, end, p, p->length - sizeof(*h)))
		return NULL;
	b->source = h->source != h->destination ? bpf_ntohl(h->source) > bpf_ntohl(h->destination) :
		    bpf_ntohs(p->source_port) > bpf_ntohs(p->destination_port);
	k.proto = p->proto;
	k.addr_a = b->source ? h->destination : h->source;
	k.addr_b = b->source ? h->source : h->destination;
	k.port_a = b->source ? p->destination_port : p->source_port;
	k.port_b = b->source ? p->source_port : p->destination_port;
	b->tag = tag_of_words(k.segment | (__u64)k.proto << 16, 0, mapped_word(k.addr_a), 0, mapped_word(k.addr_b), k.port_a | (__u64)k.port_b << 16);
	return bpf_map_lookup_elem(&conn4, &k);
}

static __always_inline bool higher6(const __be64 *source, const __be64 *destination)
{
	return source[0] != destination[0] ? bpf_be64_to_cpu(source[0]) > bpf_be64_to_cpu(destination[0]) :
	       bpf_be64_to_cpu(source[1]) > bpf_be64_to_cpu(destination[1]);
}

/* An IPv6 header without extensions. */
static __always_inline struct merlon_conn *find6(struct __sk_buff *skb, struct brief *b, __u32 segment)
{
	const struct ip6 *h = (void *)(long)skb->data + sizeof(struct frame);
	const void *end = (void *)(long)skb->data_end;
	struct merlon_key6 k = {.segment = segment};
	__be64 from[2], to[2];
	struct packet *p = &b->p;

	if ((const void *)(h + 1) > end || bpf_ntohl(h->flow) >> 28 != 6)
		return NULL;
	p->proto = h->next;
	p->length = bpf_ntohs(h->length) + sizeof(*h);
	p->l4 = sizeof(struct frame) + sizeof(*h);
	if (p->length > skb->len - sizeof(struct frame) || !read_transport(h + 1, end, p, p->length - sizeof(*h)))
		return NULL;
	copy16(from, h->source);
	copy16(to, h->destination);
	b->source = same16((__u8 *)from, (__u8 *)to) ? bpf_ntohs(p->source_port) > bpf_ntohs(p->destination_port) : higher6(from, to);
	k.proto = p->proto;
	copy16(k.addr_a, b->source ? to : from);
	copy16(k.addr_b, b->source ? from : to);
	k.port_a = b->source ? p->destination_port : p->source_port;
	k.port_b = b->source ? p->source_port : p->destination_port;
	b->tag = b->source ? tag_of_words(k.segment | (__u64)k.proto << 16, to[0], to[1], from[0], from[1], k.port_a | (__u64)k.port_b << 16) :
			     tag_of_words(k.segment | (__u64)k.proto << 16, from[0], from[1], to[0], to[1], k.port_a | (__u64)k.port_b << 16);
	return bpf_map_lookup_elem(&conn6, &k);
}

/* What the host still does to the packet changes nothing that was read: as rewritten() and recut(), for the usual places only. */
static __always_inline bool offloads_plainly(struct __sk_buff *skb, const struct brief *b)
{
	const struct sk_buff *kernel = (const struct sk_buff *)skb;

	if (ip_summed(skb) == CHECKSUM_PARTIAL &&
	    checksum_place(kernel) != b->p.l4 + (b->p.proto == PROTO_TCP ? 16 : 6))
		return false;
	return !skb->gso_size || (b->p.proto == PROTO_TCP && !recut(skb, &b->p));
}

/* What the bridge would carry to the peer, and its driver take. A super-packet is as long as its pieces will be. */
static __always_inline bool fits(struct __sk_buff *skb, const struct brief *b, __u32 mtu)
{
	return (skb->gso_size ? b->p.length - b->p.data_length + skb->gso_size : skb->len - sizeof(struct frame)) <= mtu;
}

/* Untagged, from the port's own MAC. */
static __always_inline bool plain_frame(struct __sk_buff *skb, const struct merlon_way *own)
{
	const struct frame *f = (void *)(long)skb->data;

	if ((const void *)(f + 1) > (const void *)(long)skb->data_end || skb->vlan_present)
		return false;
	if (f->ethertype != skb->protocol)
		return false;
	return same6(f->source, own->mac);
}

static __always_inline bool to_peer(struct __sk_buff *skb, const struct merlon_way *peer)
{
	const struct frame *f = (void *)(long)skb->data;

	return (const void *)(f + 1) <= (const void *)(long)skb->data_end && same6(f->destination, peer->mac);
}

/* Approved by both sides under this topology, and established: no state is changed here. Under the lock. */
static __always_inline bool approved(const struct merlon_conn *c, const struct brief *b, __u32 topology, __u32 own, __u32 peer)
{
	__u32 s = b->source & 1, d = s ^ 1;

	return c->tag == b->tag && c->topology == topology && c->state == CONN_ESTABLISHED && !(c->flags & CONN_REVOKED) &&
	       c->side[s].vnic == own && c->side[d].vnic == peer && c->side[s].epoch && c->side[d].epoch;
}

/* Steps and counts as apply() does at the last hook. False: nothing was done. */
static __always_inline bool commit_cut(struct merlon_conn *c, const struct brief *b, __u32 topology, __u32 own, __u32 peer, __u32 now)
{
	__u32 s = b->source & 1;
	bool good;

	bpf_spin_lock(&c->lock);
	good = approved(c, b, topology, own, peer) && !past(c->expires, now);
	if (good && b->p.proto == PROTO_TCP)
		good = step_ack(c, &b->p, s, s == (c->flags & CONN_INITIATOR_B), true, now) == STEP_PASS;
	else if (good)
		c->expires = now + TIMEOUT_UDP_REPLIED;
	if (good) {
		c->packets[s] += 1;
		c->bytes[s] += b->p.length;
		c->last_ms = now;
	}
	bpf_spin_unlock(&c->lock);
	return good;
}

/* A note is of a packet that is on its way from one hook to the next. A bridge that drops or diverts it leaves one behind. */
#define NOTE_NS 50000000ull

static __always_inline __u64 note_word(const void *at, __u32 offset)
{
	return *(const __u64 *)(at + offset);
}

/* The frame up to the transport's first eight bytes (ports and UDP's rest, or TCP's number), and TCP's next eight (acknowledgement, flags,
 * window). All of it is there where find4() or find6() found a transport header. Words may lie over each other. */
static __always_inline bool write_note(struct __sk_buff *skb, struct note *n, __u32 tcp)
{
	const void *at = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	bool six = skb->protocol == bpf_htons(ETH_IP6);
	__u32 i;

	n->length = skb->len;
	n->gso_size = skb->gso_size;
	n->protocol = skb->protocol;
	n->tcp = tcp;
	if (at + 42 > end)
		return false;
	for (i = 0; i < 5; i++)
		n->words[i] = note_word(at, i * 8);
	n->words[5] = note_word(at, 34);
	if (six) {
		if (at + 62 > end)
			return false;
		for (i = 0; i < 3; i++)
			n->words[6 + i] = note_word(at, 42 + i * 6);
	}
	if (!tcp)
		return true;
	if (six) {
		if (at + 70 > end)
			return false;
		n->words[9] = note_word(at, 62);
		return true;
	}
	if (at + 50 > end)
		return false;
	n->words[9] = note_word(at, 42);
	return true;
}

static __always_inline bool matches_note(struct __sk_buff *skb, const struct note *n)
{
	const void *at = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	bool six = skb->protocol == bpf_htons(ETH_IP6);
	__u64 differ = 0;
	__u32 i;

	if (n->length != skb->len || n->gso_size != skb->gso_size || n->protocol != skb->protocol || at + 42 > end)
		return false;
	for (i = 0; i < 5; i++)
		differ |= note_word(at, i * 8) ^ n->words[i];
	differ |= note_word(at, 34) ^ n->words[5];
	if (six) {
		if (at + 62 > end)
			return false;
		for (i = 0; i < 3; i++)
			differ |= note_word(at, 42 + i * 6) ^ n->words[6 + i];
	}
	if (!n->tcp)
		return !differ;
	if (six) {
		if (at + 70 > end)
			return false;
		return !(differ | (note_word(at, 62) ^ n->words[9]));
	}
	if (at + 50 > end)
		return false;
	return !(differ | (note_word(at, 42) ^ n->words[9]));
}

static __always_inline __u32 topology(void)
{
	struct merlon_control *c = control_word();

	return c ? *(volatile __u32 *)&c->topology : 0;
}

static __always_inline bool leased(struct merlon_control *c, __u64 ns)
{
	return ns < *(volatile __u64 *)&c->lease_ns && !(c->flags & CONTROL_NO_SHORT_CUT);
}

/* Who the packet goes to, if the ways of both ports allow it: 0 = nobody. What is read here is whole: the agent takes the lease
 * away, and bumps the topology, before and after it writes ways. */
static __always_inline struct merlon_way *peer_of(struct __sk_buff *skb, const struct brief *b, const struct merlon_conn *conn, const struct merlon_way *own)
{
	__u32 at = conn->way[(b->source & 1) ^ 1];
	struct merlon_way *peer = bpf_map_lookup_elem(&ways, &at);

	if (!peer || peer->domain != own->domain || peer->ifindex == own->ifindex || !to_peer(skb, peer))
		return NULL;
	return fits(skb, b, peer->mtu) && offloads_plainly(skb, b) ? peer : NULL;
}

/* A frame of this port takes the bridge now and then: one that hook() passes, since what it drops teaches the bridge nothing. */
static __always_inline bool bridges_now(const struct merlon_way *own, __u32 now)
{
	/* The slow path's clock is ahead of this one by up to a tick. */
	return (__s32)(now - own->bridged_ms) >= BRIDGE_EVERY_MS;
}

static __always_inline void bridged(const struct work *w)
{
	struct merlon_way *own = way_of(w->ifindex);

	if (own)
		own->bridged_ms = w->now_ms;
}

/* from_vm: the interface that the packet goes to, or BY_BRIDGE, judged, counted and all; 0 = hook() decides. */
static __noinline int one_look(struct __sk_buff *skb)
{
	struct merlon_way *own = way_of(skb->ifindex), *peer;
	struct handoff_slot *slot = handoff_slot();
	struct merlon_control *c = control_word();
	__u32 under, now, target, vnic, flags;
	struct merlon_conn *conn;
	struct brief b;
	__u64 ns;

	if (!c || !slot)
		return 0;
	slot->note.ifindex = 0;
	/* Who asks what becomes of a packet wants to be told by hook(). */
	if (traced(skb))
		return 0;
	under = *(volatile __u32 *)&c->topology;
	ns = bpf_ktime_get_coarse_ns();
	if (!under || !own || !own->domain || !leased(c, ns) || !plain_frame(skb, own))
		return 0;
	now = cut_ms(ns) + c->boot_ms;
	if (bridges_now(own, now))
		return 0;
	conn = skb->protocol == bpf_htons(ETH_IP4) ? find4(skb, &b, own->segment) :
	       skb->protocol == bpf_htons(ETH_IP6) ? find6(skb, &b, own->segment) : NULL;
	if (!conn || !(peer = peer_of(skb, &b, conn, own)) || !write_note(skb, &slot->note, b.p.proto == PROTO_TCP))
		return 0;
	target = peer->ifindex;
	vnic = peer->vnic;
	flags = own->flags | peer->flags;
	if (!leased(c, ns) || *(volatile __u32 *)&c->topology != under || !commit_cut(conn, &b, under, own->vnic, vnic, now))
		return 0;
	slot->told.ifindex = 0;
	slot->note.topology = under;
	slot->note.ns = ns;
	slot->note.ifindex = target;
	if (flags & WAY_BY_BRIDGE) {
		count(COUNTER_ONE_LOOK);
		return BY_BRIDGE;
	}
	count(COUNTER_SHORT_CUT);
	return target;
}

/* to_vm: the very packet that from_vm has just judged for here. Consumed once; no match means full judgement, and a bridge
 * that has put a tag on it means no match. */
static __always_inline bool looked_at(struct __sk_buff *skb)
{
	struct handoff_slot *slot = handoff_slot();

	if (!slot || slot->note.ifindex != skb->ifindex)
		return false;
	slot->note.ifindex = 0;
	return !skb->vlan_present && bpf_ktime_get_coarse_ns() - slot->note.ns < NOTE_NS && slot->note.topology == topology() && way_of(skb->ifindex) && matches_note(skb, &slot->note);
}

#endif
