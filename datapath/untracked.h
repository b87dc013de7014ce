/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP that passes without a connection (Guard.spec.untracked). What a vNIC is to a packet depends on the two ports alone, so it is the
 * same for both ways: the end that serves is judged in, the end that asks is judged out, each packet of either way. No table
 * of connections has a word in it. Two ends that see each other must agree; else the packet is tracked.
 */
#ifndef MERLON_UNTRACKED_H
#define MERLON_UNTRACKED_H

#include "fragment.h"

/* UNTRACKED_SERVES or UNTRACKED_ASKS; 0 = it is tracked. Both at once is neither: such a packet could be taken for its own answer. */
static __noinline int role_of(void *image, __u32 nic, __u32 own, __u32 other)
{
	__u32 serves, asks;
	__u64 flags, plane;

	if (!word(image, nic, &flags) || !(flags & NIC_UNTRACKED) || !word(image, nic + IMAGE_NIC_UNTRACKED, &plane))
		return 0;
	if (!plane_value(image, plane, own & 0xffff, &serves) || !plane_value(image, plane, other & 0xffff, &asks))
		return 0;
	serves &= UNTRACKED_SERVES;
	asks &= UNTRACKED_ASKS;
	return serves && asks ? 0 : serves | asks;
}

/* The port of the guarded vNIC that the packet comes from or goes to on this segment, by its MAC; as in find_peer(), one that has spoken here. */
static __always_inline struct merlon_port *other_end(struct work *w)
{
	struct merlon_mac_key key = {.segment = w->port.segment};
	struct merlon_mac_owner *owner;
	struct merlon_port *port;

	if (!w->in)
		return w->peer_ifindex ? bpf_map_lookup_elem(&ports, &w->peer_ifindex) : NULL;
	__builtin_memcpy(key.mac, w->packet.source_mac, 6);
	owner = w->packet.vlan ? NULL : bpf_map_lookup_elem(&macs, &key);
	port = owner && owner->vnic != w->port.vnic ? port_behind(w, w->packet.source_mac, owner->vnic) : NULL;
	return port && !port->awaited ? port : NULL;
}

/* The direction of the flow's opening, for the end that has the role. */
static __always_inline __u32 direction_of(__u32 role)
{
	return role == UNTRACKED_SERVES ? IN : OUT;
}

/* It opens, and goes the way of the answers. */
static __always_inline bool turned(const struct work *w, __u32 role)
{
	return role == (w->in ? UNTRACKED_ASKS : UNTRACKED_SERVES) && is_syn(&w->packet);
}

/* What this vNIC is to the packet, if the other end is nobody's of this segment or says that it is the counterpart. */
static __noinline int untracked_role(struct work *w)
{
	__u32 source = bpf_ntohs(w->packet.source_port), destination = bpf_ntohs(w->packet.destination_port), nic;
	__u32 own = w->in ? destination : source, other = w->in ? source : destination;
	void *image = image_of(w->generation);
	struct merlon_port *port;
	__u64 bind;
	int role;

	role = image ? role_of(image, w->nic, own, other) : 0;
	if (!role)
		return 0;
	/* from_vm has asked both. */
	if (w->in && w->handoff.vnic)
		return w->handoff.flags & HANDOFF_UNTRACKED ? role : 0;
	/* Whose MAC it has is a claim here: none may make a connection of an opening that is refused. */
	if (w->in && turned(w, role))
		return role;
	port = other_end(w);
	if (!port)
		return role;
	nic = nic_of(image, port->slot, &bind);
	return nic && (role_of(image, nic, other, own) ^ role) == (UNTRACKED_SERVES | UNTRACKED_ASKS) ? role : 0;
}

/* A connection of this vNIC's is live, that was tracked before the Guard changed: it ends. 1 = it is tracked still, for its other end is
 * guarded on this segment and has not handed the packet over: to a stranger in its name the windows hold. */
static __noinline int is_tracked(struct work *w)
{
	__u32 s, sender, own, tracked = 0;
	struct merlon_conn *c;

	/* The other end's hook sees it too. */
	if (!w->in && w->peer_ifindex)
		return 0;
	set_ends(w, &w->packet);
	c = find(w, w->packet.family, CONN);
	if (!c)
		return 0;
	s = w->source_is_b & 1;
	bpf_spin_lock(&c->lock);
	sender = c->side[s].vnic;
	own = w->in ? c->side[s ^ 1].vnic : sender;
	if (!absent(c, w) && own == w->port.vnic) {
		tracked = w->in && sender && sender != w->handoff.vnic;
		if (!tracked) {
			c->end_reason = REASON_UNTRACKED;
			c->expires = w->now_ms;
		}
	}
	bpf_spin_unlock(&c->lock);
	return tracked;
}

/* RFC 1191, RFC 8201. */
static __always_inline bool is_too_big(const struct packet *p)
{
	return p->proto == PROTO_ICMP ? p->icmp_type == 3 && p->icmp_code == 4 : p->icmp_type == 2;
}

/* Of the errors about what passes without a connection only "too big" is believed, for the path's MTU must be found; and only while
 * the rules let the quoted packet pass. The guest's own TCP looks at its number. */
static __noinline int quotes_untracked(struct work *w)
{
	struct packet *q = &w->quoted;
	void *image;
	int role;

	if (!w->in || !(w->nic_flags & NIC_UNTRACKED) || q->proto != PROTO_TCP || !is_too_big(&w->packet))
		return 0;
	image = image_of(w->generation);
	role = image ? role_of(image, w->nic, bpf_ntohs(q->source_port), bpf_ntohs(q->destination_port)) : 0;
	if (!role)
		return 0;
	ask(w, q, 0, direction_of(role), role == UNTRACKED_ASKS);
	return judge(w) && w->judgement.passes;
}

#endif
