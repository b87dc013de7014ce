/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The timer: buries what expired, deletes what was buried a pass ago, tells the denies counted since the
 * last second. It lives in a pinned map, so a dead agent never lets the tables fill. Each table has a queue of its keys
 * (turns_*): a slice takes some, looks, and puts back what stays. So no run is long, whatever the size of the tables.
 */
#ifndef MERLON_EXPIRY_H
#define MERLON_EXPIRY_H

#include "admit.h"

#define REST_NS 250000000ull      /* between two passes over all tables */
#define LONGEST_REST_NS 4000000000ull
#define REST_SHARE 20             /* it rests so many times as long as it worked */
#define DENIES_NS 1000000000ull   /* between two looks at the denies */
#define PAUSE_NS 500000ull        /* between two slices */
#define SLICE 256u                /* looks */
#define CLOCK_MONOTONIC_ 1
/* More than any run holds a pointer. */
#define GRACE_MS 200u

enum turn {
	TURN_CONN4 = 0,
	TURN_CONN6 = 1,
	TURN_HALF4 = 2,
	TURN_HALF6 = 3,
	TURN_DENIES = 4,
	TURN_COUNT = 5,
};

/* Of no segment, of no vNIC. */
#define TURN_MARK 0xffffu
#define TURN_MARK_DENY 0xffffffffu

#define ENOENT_ 2

struct slice {
	__u32 done;
};

/* Returns 1 when the element may be deleted; w->vm is charged for it. Element and lock come from a lookup of its own: the value that
 * bpf_for_each_map_elem hands out cannot be locked on 6.1. */
static __noinline int sweep_one(struct work *w, struct merlon_conn *c)
{
	bool owed = false, gone = false;

	bpf_spin_lock(&c->lock);
	if (c->tag == w->tag) {
		if (c->state == CONN_DEAD && past(c->expires + GRACE_MS, w->now_ms))
			c->state = CONN_GONE;
		gone = c->state == CONN_GONE;
		w->vm = c->vm;
		if (!buried(c) && past(c->expires, w->now_ms))
			owed = bury(w, c);
	}
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

/* A pass ends with its mark or an empty queue, not with an error of the queue. */
static __always_inline bool pass_over(long error)
{
	return !error || error == -ENOENT_;
}

/* One look at the entry whose turn it is; one that cannot be deleted now keeps its turn. 6.1 wants one map for each call, so there is a function for each table. */
#define LOOK(TABLE, KEY, ENDS, HALF_OPEN)                                                                              \
	static long look_##TABLE(__u32 i, struct slice *s)                                                             \
	{                                                                                                              \
		struct work *w = timer_work();                                                                         \
		struct merlon_conn *c;                                                                                 \
		long error = 0;                                                                                        \
		struct KEY k;                                                                                          \
                                                                                                                       \
		if (!w || (error = bpf_map_pop_elem(&turns_##TABLE, &k)) || k.segment == TURN_MARK) {                  \
			s->done = pass_over(error);                                                                    \
			return 1;                                                                                      \
		}                                                                                                      \
		c = bpf_map_lookup_elem(&TABLE, &k);                                                                   \
		if (!c)                                                                                                \
			return 0;                                                                                      \
		if (due(c, w)) {                                                                                       \
			ENDS(&w->ends, &k);                                                                            \
			w->ends.half = HALF_OPEN;                                                                      \
			w->tag = tag_of(&w->ends);                                                                     \
			if (sweep_one(w, c) && !bpf_map_delete_elem(&TABLE, &k)) {                                     \
				let_go(w, w->vm, HALF_OPEN);                                                           \
				return 0;                                                                              \
			}                                                                                              \
		}                                                                                                      \
		take_turn(&turns_##TABLE, &k);                                                                         \
		return 0;                                                                                              \
	}

LOOK(conn4, merlon_key4, ends4, CONN)
LOOK(conn6, merlon_key6, ends6, CONN)
LOOK(half4, merlon_key4, ends4, HALF)
LOOK(half6, merlon_key6, ends6, HALF)

/* Exact: packets are taken by exchange, and a record is deleted only when nobody counted for two looks. 1 = deleted. */
static __noinline int sweep_deny(struct work *w, struct merlon_deny *deny)
{
	__u64 packets, bytes;

	packets = __sync_lock_test_and_set(&deny->packets, 0);
	if (packets) {
		bytes = __sync_lock_test_and_set(&deny->bytes, 0);
		deny_event(&w->event, &w->deny_key, deny, packets, bytes);
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
	if (__sync_val_compare_and_swap(&deny->life, DENY_IDLE, DENY_DELETING) != DENY_IDLE)
		return 0;
	if (!bpf_map_delete_elem(&denies, &w->deny_key))
		return 1;
	deny->life = DENY_IDLE;
	return 0;
}

static long look_denies(__u32 i, struct slice *s)
{
	struct work *w = timer_work();
	struct merlon_deny *deny;
	long error = 0;

	if (!w || (error = bpf_map_pop_elem(&turns_denies, &w->deny_key)) || w->deny_key.vnic == TURN_MARK_DENY) {
		s->done = pass_over(error);
		return 1;
	}
	deny = bpf_map_lookup_elem(&denies, &w->deny_key);
	if (deny && !sweep_deny(w, deny))
		take_turn(&turns_denies, &w->deny_key);
	return 0;
}

/* The end of this pass over the table: what stands behind it has had its turn, or came since. 0 = put. */
static __noinline long mark(struct work *w, __u32 table)
{
	struct merlon_key4 four = {.segment = TURN_MARK};
	struct merlon_key6 six = {.segment = TURN_MARK};

	switch (table) {
	case TURN_CONN4:
		return bpf_map_push_elem(&turns_conn4, &four, 0);
	case TURN_CONN6:
		return bpf_map_push_elem(&turns_conn6, &six, 0);
	case TURN_HALF4:
		return bpf_map_push_elem(&turns_half4, &four, 0);
	case TURN_HALF6:
		return bpf_map_push_elem(&turns_half6, &six, 0);
	}
	__builtin_memset(&w->deny_key, 0, sizeof(w->deny_key));
	w->deny_key.vnic = TURN_MARK_DENY;
	return bpf_map_push_elem(&turns_denies, &w->deny_key, 0);
}

/* True when the pass over the table is over. */
static __noinline int look(__u32 table)
{
	struct slice s = {};

	switch (table) {
	case TURN_CONN4:
		bpf_loop(SLICE, look_conn4, &s, 0);
		break;
	case TURN_CONN6:
		bpf_loop(SLICE, look_conn6, &s, 0);
		break;
	case TURN_HALF4:
		bpf_loop(SLICE, look_half4, &s, 0);
		break;
	case TURN_HALF6:
		bpf_loop(SLICE, look_half6, &s, 0);
		break;
	default:
		bpf_loop(SLICE, look_denies, &s, 0);
	}
	return s.done;
}

/* One slice; how long to wait for the next. */
static __noinline __u64 run_slice(struct work *w, struct clockwork *clock)
{
	__u64 worked;

	if (!clock->marked)
		clock->marked = !mark(w, clock->table);
	if (!clock->marked || !look(clock->table))
		return PAUSE_NS;
	clock->marked = 0;
	clock->table++;
	if (clock->table == TURN_DENIES) {
		if (w->now_ns < clock->denies_ns)
			clock->table = TURN_COUNT;
		else
			clock->denies_ns = w->now_ns + DENIES_NS;
	}
	if (clock->table < TURN_COUNT)
		return 0;
	clock->table = 0;
	clock->passes++;
	count(COUNTER_TIMER_PASSES);
	worked = clock->worked_ns * REST_SHARE;
	clock->worked_ns = 0;
	return worked < REST_NS ? REST_NS : worked < LONGEST_REST_NS ? worked : LONGEST_REST_NS;
}

static int tick(void *map, __u32 *index, struct clockwork *clock)
{
	struct work *w = timer_work();
	__u64 wait = REST_NS, begun = bpf_ktime_get_ns();

	if (w) {
		w->now_ns = bpf_ktime_get_boot_ns();
		w->now_ms = w->now_ns / 1000000;
		wait = run_slice(w, clock);
		begun = bpf_ktime_get_ns() - begun;
		clock->worked_ns += begun;
		clock->total_ns += begun;
		if (begun > clock->longest_ns)
			clock->longest_ns = begun;
	}
	bpf_timer_start(&clock->timer, wait, 0);
	return 0;
}

#endif
