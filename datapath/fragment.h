/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A later fragment has no ports, so it follows its first fragment: it passes a hook when that hook let the
 * first through within 30 s, and when it does not reach back over what the first one said (RFC 1858:
 * overlapping would rewrite the judged header). One that comes before its first is dropped.
 */
#ifndef MERLON_FRAGMENT_H
#define MERLON_FRAGMENT_H

#include "follow.h"

#define TIMEOUT_FRAGMENT 30000u

static __always_inline void fragment_key(struct work *w, struct fragment_key *k)
{
	struct packet *p = &w->packet;

	__builtin_memset(k, 0, sizeof(*k));
	copy16(k->source, p->source);
	copy16(k->destination, p->destination);
	k->id = p->fragment_id;
	k->vnic = w->port.vnic;
	/* IPv6 tells datagrams apart by addresses and id alone. */
	k->proto = p->family == FAMILY_4 ? p->proto : 0;
	k->in = w->in;
	k->segment = w->port.segment;
	k->vlan = p->vlan;
}

/* The first fragment passed. Two firsts of one id: the longer one counts. */
static __noinline int remember_first(struct work *w)
{
	struct fragment_key k;
	struct fragment f = {
		.expires = w->now_ms + TIMEOUT_FRAGMENT,
		.end = w->packet.fragment_end,
		.source_port = w->packet.source_port,
		.destination_port = w->packet.destination_port,
		.proto = w->packet.proto,
	}, *known;

	fragment_key(w, &k);
	known = bpf_map_lookup_elem(&fragments, &k);
	if (known && !past(known->expires, w->now_ms) && known->end > f.end)
		f.end = known->end;
	return bpf_map_update_elem(&fragments, &k, &f, BPF_ANY);
}

static __noinline int count_on(struct work *w, __u32 half)
{
	struct merlon_conn *c = find(w, w->packet.family, half);
	__u32 s = w->source_is_b & 1;
	bool live;

	if (!c)
		return false;
	bpf_spin_lock(&c->lock);
	live = !absent(c, w);
	if (live) {
		c->packets[s] += 1;
		c->bytes[s] += w->packet.length;
	}
	bpf_spin_unlock(&c->lock);
	return live;
}

/* At the last hook a later fragment counts on its first one's connection; it moves nothing else there. What moves between the first two
 * looks is found by the third. */
static __noinline int count_later(struct work *w)
{
	set_ends(w, &w->packet);
	return count_on(w, CONN) || count_on(w, HALF) || count_on(w, CONN);
}

static __noinline int follow_first(struct work *w)
{
	struct fragment_key k;
	struct fragment *f;

	fragment_key(w, &k);
	f = bpf_map_lookup_elem(&fragments, &k);
	if (!f || past(f->expires, w->now_ms) || w->packet.fragment_offset < f->end)
		return drop_unasked(w, REASON_FRAGMENT);
	if (w->in || !w->peer_ifindex) {
		w->packet.source_port = f->source_port;
		w->packet.destination_port = f->destination_port;
		w->packet.proto = f->proto;
		count_later(w);
	}
	tell(w, VERDICT_ALLOW, REASON_CONNECTION, 0);
	if (!w->in)
		handoff_give(w, 0, 0, CLASS_BY_ADDRESS, 0);
	return PASS;
}

#endif
