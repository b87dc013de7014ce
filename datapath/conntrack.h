/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables: keys, lookup, burial, placing.
 *
 * Life of an element: live -> (expired) -> DEAD, by whoever buries it under its lock: exactly one run copies
 * the totals out, tells them and gives the budget back. One timer pass later DEAD -> GONE under the lock,
 * then the timer deletes. Only GONE is deleted and GONE is never revived, so a run that found an element
 * DEAD or expired may re-initialise it in place under the lock, and no deletion can hit the new life.
 * Its place in the table is given back by whoever deletes it or re-initialises it, not by whoever buries it.
 * A deleted element's memory is reused at once for another key: every locked section first compares
 * `tag`, a hash of the key, so that a pointer looked up just before is not taken for its successor.
 */
#ifndef MERLON_CONNTRACK_H
#define MERLON_CONNTRACK_H

#include "learn.h"

#define TIMEOUT_TCP_HALF 30000u
#define TIMEOUT_TCP_ESTABLISHED (12 * 3600 * 1000u)
#define TIMEOUT_TCP_CLOSING 120000u
#define TIMEOUT_TCP_CLOSED 10000u
#define TIMEOUT_TCP_RESET 5000u
#define TIMEOUT_UDP_NEW 30000u
#define TIMEOUT_UDP_REPLIED 180000u
#define TIMEOUT_ICMP 30000u
#define TIMEOUT_OTHER_NEW 60000u
#define TIMEOUT_OTHER_REPLIED 600000u
/* What a connection that was cut has left, in case its rule comes back. */
#define TIMEOUT_REVOKED 30000u

#define SECOND_NS 1000000000ull
#define SPEND_TRIES 4

#define CONN 0
#define HALF 1

/* Is the packet's source endpoint b, the higher one? Equal ends count as a. */
static __always_inline bool source_is_b(const struct packet *p)
{
	const __u64 *s = (const __u64 *)p->source, *d = (const __u64 *)p->destination;

	if (s[0] != d[0])
		return bpf_be64_to_cpu(s[0]) > bpf_be64_to_cpu(d[0]);
	if (s[1] != d[1])
		return bpf_be64_to_cpu(s[1]) > bpf_be64_to_cpu(d[1]);
	return bpf_ntohs(p->source_port) > bpf_ntohs(p->destination_port);
}

static __always_inline __u32 tag_of_words(__u64 first, __u64 a0, __u64 a1, __u64 b0, __u64 b1, __u64 ports)
{
	/* Products side by side: one after the other they would cost more than the lookup of a warm entry. */
	__u64 h = first * 0x9e3779b97f4a7c15ull + a0 * 0xbf58476d1ce4e5b9ull + a1 * 0x94d049bb133111ebull + b0 * 0xff51afd7ed558ccdull +
		  b1 * 0xc4ceb9fe1a85ec53ull + ports * 0xd6e8feb86659fd93ull;

	return h >> 32;
}

static __always_inline __u32 tag_of(const struct ends *e)
{
	const __u64 *a = (const __u64 *)e->a, *b = (const __u64 *)e->b;

	return tag_of_words(e->segment | (__u64)e->proto << 16 | (__u64)e->vlan << 32, a[0], a[1], b[0], b[1],
			    e->port_a | (__u64)e->port_b << 16);
}

/* w->ends, w->tag and w->source_is_b from a packet (the real one, or the quoted one). */
static __noinline int set_ends(struct work *w, const struct packet *p)
{
	struct ends *e = &w->ends;

	w->source_is_b = source_is_b(p);
	if (w->source_is_b) {
		copy16(e->a, p->destination);
		copy16(e->b, p->source);
		e->port_a = p->destination_port;
		e->port_b = p->source_port;
	} else {
		copy16(e->a, p->source);
		copy16(e->b, p->destination);
		e->port_a = p->source_port;
		e->port_b = p->destination_port;
	}
	e->segment = w->port.segment;
	e->vlan = w->packet.vlan; /* a quoted packet is of the VLAN that it comes back on */
	e->proto = p->proto;
	w->tag = tag_of(e);
	return 0;
}

static __always_inline void key4(const struct ends *e, struct merlon_key4 *k)
{
	k->segment = e->segment;
	k->proto = e->proto;
	k->pad = 0;
	k->vlan = e->vlan;
	k->addr_a = *(const __u32 *)(e->a + 12);
	k->addr_b = *(const __u32 *)(e->b + 12);
	k->port_a = e->port_a;
	k->port_b = e->port_b;
}

static __always_inline void key6(const struct ends *e, struct merlon_key6 *k)
{
	k->segment = e->segment;
	k->proto = e->proto;
	k->pad = 0;
	k->vlan = e->vlan;
	k->port_a = e->port_a;
	k->port_b = e->port_b;
	copy16(k->addr_a, e->a);
	copy16(k->addr_b, e->b);
}

/* Back from a key; `half` is the table's, not the key's. */
static __always_inline void ends4(struct ends *e, const struct merlon_key4 *k)
{
	map4(e->a, k->addr_a);
	map4(e->b, k->addr_b);
	e->port_a = k->port_a;
	e->port_b = k->port_b;
	e->segment = k->segment;
	e->vlan = k->vlan;
	e->proto = k->proto;
}

static __always_inline void ends6(struct ends *e, const struct merlon_key6 *k)
{
	copy16(e->a, k->addr_a);
	copy16(e->b, k->addr_b);
	e->port_a = k->port_a;
	e->port_b = k->port_b;
	e->segment = k->segment;
	e->vlan = k->vlan;
	e->proto = k->proto;
}

static __always_inline struct merlon_conn *find(struct work *w, __u32 family, __u32 half)
{
	if (family == FAMILY_4) {
		struct merlon_key4 k;

		key4(&w->ends, &k);
		if (half)
			return bpf_map_lookup_elem(&half4, &k);
		return bpf_map_lookup_elem(&conn4, &k);
	} else {
		struct merlon_key6 k;

		key6(&w->ends, &k);
		if (half)
			return bpf_map_lookup_elem(&half6, &k);
		return bpf_map_lookup_elem(&conn6, &k);
	}
}

/* A queue whose lock cannot be had answers -EBUSY (from 6.15 on): not given up at the first try. 0 = it stands in the queue. */
static __always_inline long take_turn(void *turns, const void *key)
{
	long error = bpf_map_push_elem(turns, key, 0);

	if (error)
		error = bpf_map_push_elem(turns, key, 0);
	return error ? bpf_map_push_elem(turns, key, 0) : 0;
}

/* A new element and its place in the timer's queue: one that had none would never expire. */
#define INSERT(TABLE, KEY)                                                                                             \
	static __always_inline long insert_##TABLE(struct KEY *k, void *fresh)                                         \
	{                                                                                                              \
		long error = bpf_map_update_elem(&TABLE, k, fresh, BPF_NOEXIST);                                       \
                                                                                                                       \
		if (!error && (error = take_turn(&turns_##TABLE, k)))                                                  \
			bpf_map_delete_elem(&TABLE, k);                                                                \
		return error;                                                                                          \
	}

INSERT(conn4, merlon_key4)
INSERT(conn6, merlon_key6)
INSERT(half4, merlon_key4)
INSERT(half6, merlon_key6)

static __always_inline long insert(struct work *w, __u32 family, __u32 half)
{
	if (family == FAMILY_4) {
		struct merlon_key4 k;

		key4(&w->ends, &k);
		return half ? insert_half4(&k, w->fresh) : insert_conn4(&k, w->fresh);
	} else {
		struct merlon_key6 k;

		key6(&w->ends, &k);
		return half ? insert_half6(&k, w->fresh) : insert_conn6(&k, w->fresh);
	}
}

/* Milliseconds wrap after 49 days; no timeout is longer than 24. */
static __always_inline bool past(__u32 when, __u32 now)
{
	return (__s32)(when - now) <= 0;
}

static __always_inline bool buried(const struct merlon_conn *c)
{
	return c->state == CONN_DEAD || c->state == CONN_GONE;
}

static __always_inline bool absent(const struct merlon_conn *c, const struct work *w)
{
	return buried(c) || c->tag != w->tag || past(c->expires, w->now_ms);
}

/* The VM at the other end brought the entry here, and nobody else has seen the connection: to this side's hooks there is none. */
static __always_inline bool hearsay(const struct merlon_conn *c, __u32 own)
{
	return c->left & LEFT_BROUGHT << ((own & 1) ^ 1);
}

/* All but the lock. */
static __always_inline void copy_out(struct merlon_conn *to, const struct merlon_conn *from)
{
	__builtin_memcpy((__u8 *)to + 4, (const __u8 *)from + 4, sizeof(*to) - 4);
}

/* Under the lock: the one who gets true owns the remains in w->old and must finish() them. */
static __always_inline bool bury(struct work *w, struct merlon_conn *c)
{
	if (buried(c))
		return false;
	copy_out(conn_of(w->old), c);
	c->state = CONN_DEAD;
	c->expires = w->now_ms;
	return true;
}

/* A VM is charged for an element from before it is inserted until after it is deleted: a table never has more of them than its pool,
 * all shares together and one for each CPU. A pool holds what all VMs hold above their shares. Each step of a VM's count above its share
 * is a step of the pool's, up and down, the step back of one that was refused too: in whatever order CPUs come, nothing stays behind, and
 * no element needs to remember whether it was borrowed. Between the two steps of another CPU the pool may be a little above its limit, or below zero.
 * A VM borrows only while it has borrowed less than is left (`already`): alone it leaves half of the pool, two leave a third. */
static __always_inline bool borrow(__u32 table, __s32 already)
{
	struct merlon_pool *pool = bpf_map_lookup_elem(&pools, &table);

	return !pool || __sync_fetch_and_add(&pool->used, 1) + already < (__s32)pool->limit || !pool->limit;
}

static __always_inline __s32 share_of(__u32 half)
{
	return half ? MERLON_SHARE_HALF : MERLON_SHARE_CONN;
}

static __always_inline __u32 table_of(const struct work *w, __u32 half)
{
	return (half ? POOL_HALF4 : POOL_CONN4) + !mapped(w->ends.a);
}

static __always_inline void step_back(struct merlon_budget *b, __u32 table, __u32 half)
{
	struct merlon_pool *pool = bpf_map_lookup_elem(&pools, &table);

	if ((__s32)__sync_fetch_and_add(&b->held[table % POOL_COUNT], -1) > share_of(half) && pool)
		__sync_fetch_and_add(&pool->used, -1);
}

/* An entry of w->ends more for the VM: 0, or why it may not have it. */
static __noinline int charge(struct work *w, __u32 vm, __u32 half)
{
	struct merlon_budget *b = bpf_map_lookup_elem(&budgets, &vm);
	int reason = REASON_TABLE_FULL, limit, held;
	__u32 table = table_of(w, half);
	__u32 *live, *refused;

	if (!b)
		return 0;
	refused = &b->refused_table;
	live = half ? &b->half_open : &b->connections;
	limit = half ? b->max_half_open : b->max_connections;
	if (limit && (__s32)*live >= limit) {
		reason = half ? REASON_HALF_OPEN_BUDGET : REASON_VM_BUDGET;
		refused = half ? &b->refused_half_open : &b->refused_connections;
	} else {
		held = __sync_fetch_and_add(&b->held[table % POOL_COUNT], 1);
		if (held < share_of(half) || borrow(table, held - share_of(half))) {
			__sync_fetch_and_add(live, 1);
			return 0;
		}
		step_back(b, table, half);
	}
	__sync_fetch_and_add(refused, 1);
	return reason;
}

/* Its place was charged, and the table has none. */
static __always_inline int table_full(__u32 vm)
{
	struct merlon_budget *b = bpf_map_lookup_elem(&budgets, &vm);

	if (b)
		__sync_fetch_and_add(&b->refused_table, 1);
	return REASON_TABLE_FULL;
}

static __always_inline int rate_reason(__u32 of)
{
	switch (of) {
	case RATE_CONNECTIONS:
		return REASON_CONNECTION_RATE;
	case RATE_ICMP:
	case RATE_ICMP_ANSWERS:
		return REASON_ICMP_RATE;
	}
	return REASON_NEIGHBOUR_RATE;
}

/* One more for the VM: 0, or why not. The bucket is one word, so no lock: whoever loses it to other CPUs four times in a row, which
 * then took four, passes and leaves the debt. */
__noinline int spend(struct work *w, __u32 vm, __u32 of)
{
	struct merlon_budget *b = bpf_map_lookup_elem(&budgets, &vm);
	struct merlon_rate *rate;
	__u64 due, from;
	__u32 i;

	if (!w || !b || of >= RATE_COUNT)
		return 0;
	rate = &b->rates[of];
	if (!rate->interval_ns)
		return 0;
	for (i = 0; i < SPEND_TRIES; i++) {
		due = *(volatile __u64 *)&rate->next_ns;
		from = due > w->now_ns ? due : w->now_ns;
		if (from + rate->interval_ns > w->now_ns + SECOND_NS) {
			__sync_fetch_and_add(&rate->refused, 1);
			return rate_reason(of);
		}
		if (__sync_val_compare_and_swap(&rate->next_ns, due, from + rate->interval_ns) == due)
			return 0;
	}
	__sync_fetch_and_add(&rate->next_ns, rate->interval_ns);
	return 0;
}

/* An entry lives no longer. */
static __noinline int discharge(__u32 vm, __u32 half)
{
	struct merlon_budget *b = bpf_map_lookup_elem(&budgets, &vm);

	if (b)
		__sync_fetch_and_add(half ? &b->half_open : &b->connections, -1);
	return 0;
}

/* An element of w->ends is deleted, or holds another entry now. */
static __noinline int let_go(struct work *w, __u32 vm, __u32 half)
{
	struct merlon_budget *b = bpf_map_lookup_elem(&budgets, &vm);

	if (b)
		step_back(b, table_of(w, half), half);
	return 0;
}

/* What charge() gave found no place. */
static __always_inline void uncharge(struct work *w, __u32 vm, __u32 half)
{
	discharge(vm, half);
	let_go(w, vm, half);
}

/* By a vNIC of this host, whether or not what it says is judged in this direction. */
static __always_inline bool held(const struct merlon_conn *c, __u32 side)
{
	return c->side[side].vnic && !(c->left & 1u << side);
}

/* In the time in which a vNIC takes in connections that ran before it was guarded. The agent may be dead: this clock alone ends it. */
static __always_inline bool adopts(__u32 vnic, __u64 now_ns)
{
	__u64 *until = vnic ? bpf_map_lookup_elem(&adoptions, &vnic) : NULL;

	return until && now_ns < *until;
}

#define EITHER_END 3

static __always_inline void barred_key(const struct work *w, __u32 vnic, struct barred_key *k)
{
	k->vnic = vnic;
	k->tag = w->tag;
	k->port_a = w->ends.port_a;
	k->port_b = w->ends.port_b;
}

/* Bits of the ends that are not to have opened what is of w->ends, as far as the vNIC has seen it refused or ended. */
static __always_inline __u32 barred_openers(const struct work *w, __u32 vnic)
{
	struct barred_key k;
	__u32 *openers;

	barred_key(w, vnic, &k);
	openers = bpf_map_lookup_elem(&barred, &k);
	return openers ? *openers : 0;
}

/* Refused, or ended, while the vNIC adopts: not to be adopted, whatever the policy says by then. It has one such time, so nothing
 * needs to be forgotten. */
static __noinline int bar(struct work *w, __u32 vnic, __u32 openers)
{
	struct barred_key k;
	__u32 *known;

	if (!adopts(vnic, w->now_ns))
		return 0;
	barred_key(w, vnic, &k);
	known = bpf_map_lookup_elem(&barred, &k);
	if (!known && bpf_map_update_elem(&barred, &k, &openers, BPF_NOEXIST))
		known = bpf_map_lookup_elem(&barred, &k);
	if (known)
		__sync_fetch_and_or(known, openers);
	return 0;
}

/* Who has never said a number in it may not have known of it: no stranger's packet keeps the real connection out. */
static __always_inline void bar_end(struct work *w, const struct merlon_conn *c, __u32 s)
{
	if (w->ends.proto == PROTO_TCP && c->window[s].max_win)
		bar(w, c->side[s].vnic, EITHER_END);
}

/* Addresses, ports and vNICs of an event about a connection; i = the initiator's side. */
static __always_inline void event_ends(struct work *w, const struct merlon_conn *c, __u32 initiator_b)
{
	struct merlon_event *e = &w->event;
	const struct ends *n = &w->ends;

	copy16(e->source, initiator_b ? n->b : n->a);
	copy16(e->destination, initiator_b ? n->a : n->b);
	e->source_port = bpf_ntohs(initiator_b ? n->port_b : n->port_a);
	e->destination_port = bpf_ntohs(initiator_b ? n->port_a : n->port_b);
	if (n->proto == PROTO_ICMP)
		e->destination_port = ICMP_ECHO << 8;
	else if (n->proto == PROTO_ICMP6)
		e->destination_port = ICMP6_ECHO << 8;
	e->proto = n->proto;
	e->segment = n->segment;
	e->source_vnic = initiator_b ? c->side[1].vnic : c->side[0].vnic;
	e->destination_vnic = initiator_b ? c->side[0].vnic : c->side[1].vnic;
	e->out_rule = c->rule[0];
	e->in_rule = c->rule[1];
	e->created_ns = c->created_ns;
}

/* How a connection ended, as far as its remains tell. */
static __always_inline __u32 end_reason(const struct merlon_conn *c)
{
	if (c->state == CONN_CLOSED)
		return REASON_FINISHED;
	if (c->state == CONN_RESET)
		return REASON_RESET;
	if (c->end_reason)
		return c->end_reason;
	return c->flags & CONN_REVOKED ? REASON_REVOKED : REASON_IDLE_TIMEOUT;
}

/* What a burial owes, outside the lock: the close event with totals, and the budget. From w->old, w->ends. */
__noinline int finish(struct work *w)
{
	struct merlon_conn *c;
	struct merlon_event *e;
	__u32 b;

	if (!w)
		return 0;
	c = conn_of(w->old);
	e = &w->event;
	b = c->flags & CONN_INITIATOR_B;
	if (c->flags & CONN_PROMOTED)
		return 0;
	discharge(c->vm, w->ends.half);
	count(COUNTER_CONN_EXPIRED);
	bar_end(w, c, 0);
	bar_end(w, c, 1);
	if (!(c->flags & CONN_LOG_CLOSE))
		return 0;
	__builtin_memset(e, 0, sizeof(*e));
	event_ends(w, c, b);
	e->type = EVENT_CLOSE;
	e->verdict = VERDICT_ALLOW;
	e->reason = end_reason(c);
	e->time_ns = w->now_ns;
	e->packets[0] = b ? c->packets[1] : c->packets[0];
	e->packets[1] = b ? c->packets[0] : c->packets[1];
	e->bytes[0] = b ? c->bytes[1] : c->bytes[0];
	e->bytes[1] = b ? c->bytes[0] : c->bytes[1];
	e->end_state = c->state;
	return emit(e);
}

#endif
