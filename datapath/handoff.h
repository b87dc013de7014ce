/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What from_vm knows about a packet, for the to_vm that the same packet reaches next on this CPU. The record
 * names the port (with its incarnation) and what the packet's headers say, is cleared by the next from_vm and
 * consumed once: a flooded copy, a reordered packet or a guest's guess finds no match, and no match means full
 * judgement, never a pass.
 */
#ifndef MERLON_HANDOFF_H
#define MERLON_HANDOFF_H

#include "policy.h"

static __always_inline __u64 ports_word(const struct packet *p)
{
	return p->source_port | (__u64)p->destination_port << 16 | (__u64)p->proto << 32 | (__u64)p->tcp_flags << 40;
}

static __always_inline __u64 length_word(const struct packet *p)
{
	return p->length | (__u64)p->icmp_type << 32 | (__u64)p->icmp_code << 40;
}

static __always_inline void identify_packet(__u64 *identity, const struct packet *p)
{
	copy16(identity, p->source);
	copy16(identity + 2, p->destination);
	identity[4] = ports_word(p);
	identity[5] = p->seq | (__u64)p->ack << 32;
	identity[6] = p->fragment_id | (__u64)p->fragment_offset << 32;
	identity[7] = length_word(p);
}

static __always_inline bool identifies(const __u64 *identity, const struct packet *p)
{
	return same16((const __u8 *)identity, p->source) && same16((const __u8 *)(identity + 2), p->destination) &&
	       identity[4] == ports_word(p) && identity[5] == (p->seq | (__u64)p->ack << 32) &&
	       identity[6] == (p->fragment_id | (__u64)p->fragment_offset << 32) && identity[7] == length_word(p);
}

static __always_inline struct handoff_slot *handoff_slot(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&handoff, &zero);
}

static __always_inline struct merlon_control *control_word(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

static __always_inline void handoff_clear(void)
{
	struct handoff_slot *slot = handoff_slot();

	if (slot)
		slot->told.ifindex = 0;
}

/* from_vm, for every unicast packet that goes on to a guarded port. epoch 0: an established connection's. */
static __always_inline void handoff_give(struct work *w, __u32 epoch, __u32 rule, __u32 class, __u32 flags)
{
	struct handoff_slot *slot = handoff_slot();
	struct merlon_control *c = control_word();
	struct handoff *h;

	if (!slot || !c || !w->peer_ifindex || c->flags & CONTROL_NO_HANDOFF)
		return;
	h = &slot->told;
	identify_packet(slot->identity, &w->packet);
	h->incarnation = w->peer_incarnation;
	h->generation = w->generation;
	h->vnic = w->port.vnic;
	h->epoch = epoch;
	h->rule = rule;
	h->source_class = class;
	h->flags = flags;
	h->topology = w->topology;
	h->followed = 0;
	h->way = w->ifindex & (MERLON_WAYS - 1);
	h->vm = w->port.vm;
	h->candidate_rule = flags & HANDOFF_WOULD_DENY ? w->judgement.candidate_rule : 0;
	h->ifindex = w->peer_ifindex;
}

/* from_vm, for a packet whose entry is there. followed: the present epoch that its own side has, 0 = none. */
static __always_inline void handoff_follow(struct work *w, __u32 followed)
{
	struct handoff_slot *slot = handoff_slot();

	handoff_give(w, 0, 0, CLASS_BY_ADDRESS, 0);
	if (slot)
		slot->told.followed = followed;
}

/* to_vm: w->handoff becomes the sender's record, or empty. */
static __always_inline void handoff_take(struct work *w)
{
	struct handoff_slot *slot = handoff_slot();
	struct handoff *h;

	__builtin_memset(&w->handoff, 0, sizeof(w->handoff));
	if (!slot || !slot->told.ifindex)
		return;
	h = &slot->told;
	if (h->ifindex == w->ifindex && h->incarnation == w->port.incarnation && identifies(slot->identity, &w->packet)) {
		w->handoff = *h;
		count(COUNTER_HANDOFF_HIT);
	} else {
		count(COUNTER_HANDOFF_MISS);
	}
	h->ifindex = 0;
}

/* from_vm: the guarded port of this segment behind the destination MAC, if any. It will count and enter. A VM that has not spoken
 * here yet may still run on the host that it comes from: it is outside until then. */
static __always_inline void find_peer(struct work *w)
{
	struct merlon_mac_key key = {.segment = w->port.segment};
	struct merlon_mac_owner *owner;
	struct merlon_port *port;

	__builtin_memcpy(key.mac, w->packet.destination_mac, 6);
	owner = bpf_map_lookup_elem(&macs, &key);
	if (!owner || owner->vnic == w->port.vnic)
		return;
	port = bpf_map_lookup_elem(&ports, &owner->ifindex);
	if (!port || port->vnic != owner->vnic || port->awaited)
		return;
	w->peer_ifindex = owner->ifindex;
	w->peer_incarnation = port->incarnation;
	w->peer_vnic = owner->vnic;
}

/* from_vm, for what goes on: the VM runs here, and the bridge has seen where. Every CPU stores the same byte, which no other fact
 * shares: where the record has just become another port's, that one only counts as here too early. */
static __always_inline void arrived(const struct work *w)
{
	struct merlon_port *port = w->port.awaited ? bpf_map_lookup_elem(&ports, &w->ifindex) : NULL;

	if (port && port->incarnation == w->port.incarnation)
		port->awaited = 0;
}

#endif
