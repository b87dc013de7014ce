/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * half -> conn. First the copy is inserted, then the half copy dies: at every instant one of the two is found.
 * A packet on another CPU may still step the half copy in between; what it added is carried over before
 * the half copy dies, so counts and windows lose nothing. CONN_PROMOTED, set under the half's lock together
 * with the step and the copying (take_step()), makes this happen once; the half copy owes no event and no budget afterwards;
 * it keeps its place until it is deleted.
 */
#ifndef MERLON_PROMOTE_H
#define MERLON_PROMOTE_H

#include "open.h"

/* Those that a step may set. */
#define STEP_FLAGS (CONN_FIN_A | CONN_FIN_B | CONN_LIBERAL)

/* What the half copy gained after it was copied. Windows only ever rise. */
static __always_inline void carry_over(struct merlon_conn *c, const struct merlon_conn *was, const struct merlon_conn *now)
{
	__u32 i;

	for (i = 0; i < 2; i++) {
		c->packets[i] += now->packets[i] - was->packets[i];
		c->bytes[i] += now->bytes[i] - was->bytes[i];
		if (after(now->window[i].end, c->window[i].end))
			c->window[i].end = now->window[i].end;
		if (after(now->window[i].max_end, c->window[i].max_end))
			c->window[i].max_end = now->window[i].max_end;
		c->window[i].max_win = max_of(c->window[i].max_win, now->window[i].max_win);
	}
	c->flags |= now->flags & STEP_FLAGS;
}

/* What has become of the half since take_step() copied it. Under its lock. */
enum fate {
	FATE_SAME = 0,
	FATE_BURIED = 1,           /* by the timer; its account was left to us */
	FATE_REPLACED = 2,         /* reset, then opened anew in its place; its account was left to us */
};

static __always_inline enum fate fate_of(const struct work *w, const struct merlon_conn *half, const struct merlon_conn *taken)
{
	if (half->tag != w->tag)
		return FATE_BURIED;
	if (half->created_ns != taken->created_ns)
		return FATE_REPLACED;
	return buried(half) ? FATE_BURIED : FATE_SAME;
}

/* Under the half's lock: as the packet found it (w->old), if no other came since its step (w->fresh is what that left); else its count
 * alone is taken back. */
static __always_inline void take_back(struct work *w, struct merlon_conn *half, const struct merlon_conn *left)
{
	const struct merlon_conn *was = conn_of(w->old);
	bool alone = half->packets[0] == left->packets[0] && half->packets[1] == left->packets[1];
	__u32 s = w->plan.source & 1;

	half->packets[s] -= 1;
	half->bytes[s] -= w->packet.length;
	if (!alone)
		return;
	half->flags = (half->flags & ~STEP_FLAGS) | (was->flags & STEP_FLAGS);
	/* A cut has shortened it, perhaps. */
	if (past(was->expires, half->expires))
		half->expires = was->expires;
	__builtin_memcpy(half->window, was->window, sizeof(half->window));
	__builtin_memcpy(half->max_ack, was->max_ack, sizeof(half->max_ack));
	__builtin_memcpy(half->way, was->way, sizeof(half->way));
	half->topology = was->topology;
	half->last_ms = was->last_ms;
}

/* It stays half-open. A packet that is dropped after all, and told as such, no longer counts on the entry; what passes all the same, since
 * the vNIC is observed, has been said: the other end's hook must know it. */
static __always_inline void give_up(struct work *w, struct merlon_conn *half, bool passes)
{
	struct merlon_conn *taken = conn_of(w->fresh);
	__u32 s = w->plan.source & 1;
	enum fate fate;

	bpf_spin_lock(&half->lock);
	fate = fate_of(w, half, taken);
	if (fate == FATE_SAME) {
		half->flags &= ~CONN_PROMOTED;
		if (!passes)
			take_back(w, half, taken);
	}
	bpf_spin_unlock(&half->lock);
	if (fate == FATE_SAME)
		return;
	if (!passes) {
		taken->packets[s] -= 1;
		taken->bytes[s] -= w->packet.length;
	}
	if (fate == FATE_REPLACED && w->ends.proto == PROTO_TCP)
		taken->state = CONN_RESET;
	copy_out(conn_of(w->old), taken);
	w->ends.half = HALF;
	finish(w);
}

/* The half copy's end, and what it gained meanwhile into conn: counts, windows, a reset. */
static __always_inline void hand_over(struct work *w, struct merlon_conn *half, __u32 family)
{
	struct merlon_conn *was = conn_of(w->fresh), *last = conn_of(w->old), *c;
	enum fate fate;
	bool reset;

	bpf_spin_lock(&half->lock);
	fate = fate_of(w, half, was);
	if (fate == FATE_SAME)
		bury(w, half);
	bpf_spin_unlock(&half->lock);
	if (fate == FATE_BURIED)
		return;
	reset = fate == FATE_REPLACED || last->state == CONN_RESET;
	if (!reset && last->packets[0] == was->packets[0] && last->packets[1] == was->packets[1])
		return;
	c = find(w, family, CONN);
	if (!c)
		return;
	bpf_spin_lock(&c->lock);
	if (c->tag == w->tag && !buried(c) && c->created_ns == was->created_ns) {
		if (fate == FATE_SAME)
			carry_over(c, was, last);
		if (w->ends.proto == PROTO_TCP && reset)
			end_by_reset(c, w->now_ms);
		else if (w->ends.proto == PROTO_TCP)
			settle(c, w->now_ms);
	}
	bpf_spin_unlock(&c->lock);
}

/* The entry that take_step() has copied. 0 = done, or the reason why it cannot become an established one. */
static __noinline int promote(struct work *w, struct merlon_conn *half, __u32 family)
{
	struct merlon_conn *fresh = conn_of(w->fresh);
	int placed, reason;

	fresh->state = CONN_ESTABLISHED;
	if (w->ends.proto == PROTO_TCP)
		settle(fresh, w->now_ms);
	else
		fresh->expires = w->now_ms + replied_timeout(w->ends.proto);
	reason = charge(w, fresh->vm, CONN);
	if (!reason) {
		placed = place(w, family, CONN);
		if (placed != PLACE_DONE)
			uncharge(w, fresh->vm, CONN);
		if (placed == PLACE_FULL)
			reason = table_full(fresh->vm);
	}
	if (reason) {
		give_up(w, half, observed(w, reason));
		return reason;
	}
	discharge(fresh->vm, HALF);
	hand_over(w, half, family);
	return 0;
}

#endif
