/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A later fragment has no ports, so it follows its first fragment: it passes a hook when that hook let the
 * first through within 30 s, and when it does not reach back over what the first one said (RFC 1858:
 * overlapping would rewrite the judged header). One that comes before its first is dropped.
 * Later fragments are not counted on the connection.
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
}

/* The first fragment passed. Two firsts of one id: the longer one counts. */
static __noinline int remember_first(struct work *w)
{
	struct fragment_key k;
	struct fragment f = {.expires = w->now_ms + TIMEOUT_FRAGMENT, .end = w->packet.l4_length}, *known;

	fragment_key(w, &k);
	known = bpf_map_lookup_elem(&fragments, &k);
	if (known && !past(known->expires, w->now_ms) && known->end > f.end)
		f.end = known->end;
	return bpf_map_update_elem(&fragments, &k, &f, BPF_ANY);
}

static __noinline int follow_first(struct work *w)
{
	struct fragment_key k;
	struct fragment *f;

	fragment_key(w, &k);
	f = bpf_map_lookup_elem(&fragments, &k);
	if (!f || past(f->expires, w->now_ms) || w->packet.fragment_offset < f->end)
		return drop(w, REASON_FRAGMENT);
	if (!w->in)
		handoff_give(w, 0, 0, CLASS_BY_ADDRESS, 0);
	return PASS;
}

#endif
