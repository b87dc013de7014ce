/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making entries: the first packet of a connection, and half-open ones that have grown up. */
#ifndef MERLON_OPEN_H
#define MERLON_OPEN_H

#include "tcp.h"

#define PLACE_TRIES 4
#define EEXIST_ 17
#define EBUSY_ 16

/* w->adopted: who is to have opened it. */
enum adopt {
	ADOPT_NONE = 0,
	ADOPT_SENT = 1,            /* who sent the packet */
	ADOPT_TAKEN = 2,           /* who gets it */
};

enum place {
	PLACE_DONE = 0,
	PLACE_JOINED = 1,          /* another CPU made the same entry first; this packet is counted there */
	PLACE_FULL = 2,
};

/* A live entry that a new SYN may replace: it is over, only its timeout is not. */
static __always_inline bool replaceable(const struct merlon_conn *c, __u32 proto)
{
	return proto == PROTO_TCP && (c->state == CONN_CLOSED || c->state == CONN_RESET);
}

/* Inserts w->fresh under w->ends. Over an element that is expired, dead or over: buries what lived there and
 * re-initialises it in place, all in one locked section. GONE is about to be deleted: try again. */
static __noinline int place(struct work *w, __u32 family, __u32 half)
{
	struct merlon_conn *c, *fresh = conn_of(w->fresh);
	__u32 i, b = w->source_is_b & 1, before;

	for (i = 0; i < PLACE_TRIES; i++) {
		long error = insert(w, family, half);
		bool owed;

		if (!error)
			return PLACE_DONE;
		if (error != -EEXIST_ && error != -EBUSY_)
			return PLACE_FULL;
		c = find(w, family, half);
		if (!c)
			continue;
		bpf_spin_lock(&c->lock);
		if (c->state == CONN_GONE || c->tag != w->tag) {
			bpf_spin_unlock(&c->lock);
			continue;
		}
		if (!absent(c, w) && !replaceable(c, w->ends.proto)) {
			c->packets[b] += 1;
			c->bytes[b] += w->packet.length;
			bpf_spin_unlock(&c->lock);
			return PLACE_JOINED;
		}
		owed = bury(w, c);
		before = c->vm;
		copy_out(c, fresh);
		bpf_spin_unlock(&c->lock);
		let_go(w, before, half);
		if (owed) {
			w->ends.half = half;
			finish(w);
		}
		return PLACE_DONE;
	}
	return PLACE_FULL;
}

static __always_inline __u32 new_timeout(__u32 proto)
{
	switch (proto) {
	case PROTO_TCP:
		return TIMEOUT_TCP_HALF;
	case PROTO_UDP:
		return TIMEOUT_UDP_NEW;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return TIMEOUT_ICMP;
	}
	return TIMEOUT_OTHER_NEW;
}

static __always_inline __u32 replied_timeout(__u32 proto)
{
	switch (proto) {
	case PROTO_UDP:
		return TIMEOUT_UDP_REPLIED;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return TIMEOUT_ICMP;
	}
	return TIMEOUT_OTHER_REPLIED;
}

/* w->fresh from the first packet. own: the epoch that approved this hook's side, 0 = not judged. */
static __noinline int fill_fresh(struct work *w, __u32 own, __u32 log)
{
	struct merlon_conn *c = conn_of(w->fresh);
	struct packet *p = &w->packet;
	__u32 s = w->source_is_b & 1, d = s ^ 1, mine = w->in ? d : s, opener = w->adopted == ADOPT_TAKEN ? d : s;

	__builtin_memset(c, 0, sizeof(*c));
	c->state = CONN_NEW;
	c->flags = (opener ? CONN_INITIATOR_B : 0) | (log ? CONN_LOG_CLOSE : 0);
	c->expires = w->now_ms + new_timeout(p->proto);
	c->tag = w->tag;
	c->vm = w->vm;
	c->side[mine].vnic = w->port.vnic;
	c->side[mine].epoch = own;
	if (w->in) {
		c->side[s].vnic = w->handoff.vnic;
		c->side[s].epoch = w->handoff.epoch;
		c->rule[0] = w->handoff.rule;
		c->rule[1] = own ? w->judgement.rule : 0;
	} else if (opener != mine) {
		c->rule[1] = own ? w->judgement.rule : 0;
	} else {
		c->rule[0] = own ? w->judgement.rule : 0;
	}
	c->packets[s] = 1;
	c->bytes[s] = p->length;
	c->created_ns = w->now_ns;
	c->last_ms = w->now_ms;
	if (w->adopted) {
		c->state = CONN_ADOPTED;
		c->adopted = 1;
		adopt_windows(c, p, s);
	} else if (p->proto == PROTO_TCP) {
		c->flags |= p->tcp_scale ? CONN_SCALE_OK : 0;
		c->flags |= p->fragment ? CONN_LIBERAL : 0;
		open_window(c, p, s);
	}
	return 0;
}

/* The open event of the entry in w->fresh; differs: active and candidate verdict do. */
static __noinline int open_event(struct work *w, __u32 differs, __u32 candidate_rule)
{
	struct merlon_event *e = &w->event;
	struct merlon_conn *c = conn_of(w->fresh);

	__builtin_memset(e, 0, sizeof(*e));
	event_ends(w, c, c->flags & CONN_INITIATOR_B);
	e->type = EVENT_OPEN;
	e->time_ns = w->now_ns;
	e->packets[0] = 1;
	e->bytes[0] = w->packet.length;
	e->reason = differs ? REASON_OBSERVED : w->judgement.reason;
	e->verdict = differs ? VERDICT_WOULD_DENY : VERDICT_ALLOW;
	e->flags = (w->in ? EVENT_F_IN : 0) | (differs ? EVENT_F_WOULD_DENY : 0);
	e->candidate_rule = candidate_rule;
	return emit(e);
}

#endif
