/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A connection that came to this host inside a VM. What the VM's stream says of it is believed by nobody but the VM's own hooks, and not
 * before they have judged it: its side is unapproved, and the hooks of the other end take the entry for none (LEFT_BROUGHT) unless that
 * end's own stream or traffic says the same.
 */
#ifndef MERLON_BRING_H
#define MERLON_BRING_H

#include "leave.h"

#define BROUGHT_NEW 0
#define BROUGHT_JOINED 1

/* Behind an Ethernet header. */
#define BROUGHT_AT 14

static __always_inline __u32 bringer(const struct merlon_conn *c)
{
	return !(c->left & LEFT_BROUGHT);
}

/* Not further apart than any window reaches. */
static __always_inline bool sane_window(struct merlon_window *window)
{
	if (window->max_win > MOST_WINDOW)
		window->max_win = MOST_WINDOW;
	return window->max_end - window->end + MOST_WINDOW <= 2 * MOST_WINDOW;
}

/* w->fresh says how long ago and how much longer; no entry has longer than its state grants. */
static __always_inline int date(struct work *w)
{
	struct merlon_conn *c = conn_of(w->fresh);
	__u32 remaining = c->expires;

	c->state = CONN_ESTABLISHED;
	c->adopted = 0;
	c->expires = w->now_ms + replied_timeout(w->ends.proto);
	if (w->ends.proto == PROTO_TCP) {
		if (!sane_window(&c->window[0]) || !sane_window(&c->window[1]))
			return REASON_TCP_OUT_OF_WINDOW;
		settle(c, w->now_ms);
	}
	if (remaining < c->expires - w->now_ms)
		c->expires = w->now_ms + remaining;
	/* It may be older than this machine. */
	c->created_ns = c->created_ns < w->now_ns ? w->now_ns - c->created_ns : 1;
	c->last_ms = w->now_ms - c->last_ms;
	c->tag = w->tag;
	return 0;
}

/* Told a second time: the entry has gone on since. */
static __always_inline bool told_before(const struct merlon_conn *c, const struct merlon_conn *fresh, __u32 own, __u32 vnic)
{
	return held(c, own) && c->side[own].vnic == vnic && !after(fresh->window[0].end, c->window[0].end) && !after(fresh->window[1].end, c->window[1].end);
}

/* Another guarded vNIC of this host holds the other end: its entry stays as it is. BROUGHT_NEW = there is none. Under the lock. */
static __always_inline int join(struct merlon_conn *c, const struct merlon_conn *fresh, __u32 own, __u32 vnic)
{
	__u32 other = own ^ 1;

	/* Another VM of this host has these ends open: what a stream says ends no connection that runs. */
	if (held(c, own) && c->side[own].vnic != vnic)
		return REASON_TCP_INVALID_STATE;
	if (!held(c, other) || c->side[other].vnic == vnic)
		return told_before(c, fresh, own, vnic) ? BROUGHT_JOINED : BROUGHT_NEW;
	if ((c->flags ^ fresh->flags) & CONN_INITIATOR_B)
		return REASON_TCP_INVALID_STATE;
	c->side[own].vnic = vnic;
	c->side[own].epoch = 0;
	c->left &= ~(1u << own | LEFT_BROUGHT << other);
	return BROUGHT_JOINED;
}

static __noinline int join_present(struct work *w, __u32 family)
{
	struct merlon_conn *c = find(w, family, CONN), *fresh = conn_of(w->fresh);
	__u32 own = bringer(fresh) & 1, vnic = fresh->side[own].vnic;
	int result = BROUGHT_NEW;

	if (!c)
		return BROUGHT_NEW;
	bpf_spin_lock(&c->lock);
	if (!absent(c, w))
		result = join(c, fresh, own, vnic);
	bpf_spin_unlock(&c->lock);
	return result;
}

/* BROUGHT_*, or the reason why not. What else this host had of the connection is older. */
static __noinline int bring(struct work *w, __u32 family)
{
	int result = join_present(w, family);

	if (result != BROUGHT_NEW)
		return result;
	retire(w, family, 0);
	result = charge(w, w->vm, CONN);
	if (result)
		return result;
	result = place(w, family, CONN);
	if (result != PLACE_DONE)
		uncharge(w, w->vm, CONN);
	return result == PLACE_FULL ? table_full(w->vm) : result == PLACE_DONE ? BROUGHT_NEW : BROUGHT_JOINED;
}

static __always_inline int take_in(struct __sk_buff *skb, struct work *w)
{
	struct merlon_key6 key;
	int reason;

	if (bpf_skb_load_bytes(skb, BROUGHT_AT, &key, sizeof(key)) ||
	    bpf_skb_load_bytes(skb, BROUGHT_AT + sizeof(key), w->fresh, sizeof(w->fresh)))
		return REASON_TRUNCATED;
	w->now_ns = bpf_ktime_get_boot_ns();
	w->now_ms = w->now_ns / 1000000;
	ends6(&w->ends, &key);
	w->tag = tag_of(&w->ends);
	w->vm = conn_of(w->fresh)->vm;
	reason = date(w);
	return reason ? reason : bring(w, mapped(w->ends.a) ? FAMILY_4 : FAMILY_6);
}

#endif
