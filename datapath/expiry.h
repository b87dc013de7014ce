/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The timer: buries what expired, deletes what was buried a pass ago, tells the denies counted since the
 * last second. It lives in a pinned map, so a dead agent never lets the tables fill.
 */
#ifndef MERLON_EXPIRY_H
#define MERLON_EXPIRY_H

#include "admit.h"

#define PASS_NS 250000000ull
#define CLOCK_MONOTONIC_ 1
/* Half a second between two passes over one table: more than any run holds a pointer. */
#define GRACE_MS 200u

struct sweep {
	__u32 half;
};

/* Returns 1 when the element may be deleted. Element and lock come from a lookup of its own: the value that
 * bpf_for_each_map_elem hands out cannot be locked on 6.1. */
static __noinline int sweep_one(struct work *w, struct merlon_conn *c)
{
	bool owed = false, gone = false;

	bpf_spin_lock(&c->lock);
	if (c->state == CONN_DEAD && past(c->expires + GRACE_MS, w->now_ms))
		c->state = CONN_GONE;
	gone = c->state == CONN_GONE;
	if (!buried(c) && c->tag == w->tag && past(c->expires, w->now_ms))
		owed = bury(w, c);
	bpf_spin_unlock(&c->lock);
	if (owed)
		finish(w);
	return gone;
}

static __always_inline bool due(const struct merlon_conn *c, const struct work *w)
{
	return buried(c) || past(c->expires, w->now_ms);
}

static __always_inline struct work *timer_work(void)
{
	__u32 index = WORK_TIMER;

	return bpf_map_lookup_elem(&scratch, &index);
}

static long sweep4(void *map, struct merlon_key4 *key, struct merlon_conn *c, struct sweep *s)
{
	struct work *w = timer_work();
	struct merlon_key4 k = *key;

	if (!w || !due(c, w))
		return 0;
	ends4(&w->ends, &k);
	w->ends.half = s->half;
	w->tag = tag_of(&w->ends);
	c = bpf_map_lookup_elem(map, &k);
	if (c && sweep_one(w, c))
		bpf_map_delete_elem(map, &k);
	return 0;
}

static long sweep6(void *map, struct merlon_key6 *key, struct merlon_conn *c, struct sweep *s)
{
	struct work *w = timer_work();
	struct merlon_key6 k = *key;

	if (!w || !due(c, w))
		return 0;
	ends6(&w->ends, &k);
	w->ends.half = s->half;
	w->tag = tag_of(&w->ends);
	c = bpf_map_lookup_elem(map, &k);
	if (c && sweep_one(w, c))
		bpf_map_delete_elem(map, &k);
	return 0;
}

/* Exact: packets are taken by exchange, and a record is deleted only when nobody counted for two looks. */
static long sweep_deny(void *map, struct merlon_deny_key *key, struct merlon_deny *deny, void *unused)
{
	struct work *w = timer_work();
	__u64 packets, bytes;

	if (!w)
		return 0;
	packets = __sync_lock_test_and_set(&deny->packets, 0);
	if (packets) {
		bytes = __sync_lock_test_and_set(&deny->bytes, 0);
		deny_event(&w->event, key, deny, packets, bytes);
		w->event.flags |= EVENT_F_SUMMARY;
		/* It stands for many packets: with the ring full they stay counted and are told later. */
		if (offer(&w->event)) {
			__sync_fetch_and_add(&deny->bytes, bytes);
			__sync_fetch_and_add(&deny->packets, packets);
		}
		return 0;
	}
	if (deny->life == DENY_COUNTING) {
		if (w->now_ns - deny->last_ns > SUMMARY_IDLE_NS)
			deny->life = DENY_IDLE;
		return 0;
	}
	if (__sync_val_compare_and_swap(&deny->life, DENY_IDLE, DENY_DELETING) == DENY_IDLE) {
		w->deny_key = *key;
		bpf_map_delete_elem(map, &w->deny_key);
	}
	return 0;
}

/* Two functions, or the compiler merges the calls, and 6.1 wants one map for each call. */
static __noinline int sweep_conn(struct sweep *s)
{
	bpf_for_each_map_elem(&conn4, sweep4, s, 0);
	return bpf_for_each_map_elem(&conn6, sweep6, s, 0);
}

static __noinline int sweep_half(struct sweep *s)
{
	bpf_for_each_map_elem(&half4, sweep4, s, 0);
	return bpf_for_each_map_elem(&half6, sweep6, s, 0);
}

static int tick(void *map, __u32 *index, struct clockwork *clock)
{
	struct work *w = timer_work();
	struct sweep s = {.half = clock->passes & 1};

	if (w) {
		w->now_ns = bpf_ktime_get_boot_ns();
		w->now_ms = w->now_ns / 1000000;
		if (s.half)
			sweep_half(&s);
		else
			sweep_conn(&s);
		if (!(clock->passes & 3))
			bpf_for_each_map_elem(&denies, sweep_deny, NULL, 0);
		clock->passes++;
		count(COUNTER_TIMER_PASSES);
	}
	bpf_timer_start(&clock->timer, PASS_NS, 0);
	return 0;
}

#endif
