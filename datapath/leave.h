/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A vNIC that is no longer here. Its side of each entry loses its approval, and an entry that no vNIC of this host
 * holds any more expires. Only marked here, under the entry's lock: the timer buries, tells and deletes, once.
 * The vNIC's number stays in the entry, so that the close event can still name the VM.
 */
#ifndef MERLON_LEAVE_H
#define MERLON_LEAVE_H

#include "expiry.h"

struct leaver {
	__u32 vnic;
	__u32 now_ms;
	__u32 entries;
};

static __always_inline bool leave_side(struct merlon_conn *c, __u32 side, __u32 vnic)
{
	if (c->side[side].vnic != vnic || c->left & 1u << side)
		return false;
	c->side[side].epoch = 0;
	c->left |= 1u << side;
	return true;
}

static __noinline int leave_one(struct merlon_conn *c, __u32 tag, struct leaver *l)
{
	bool left = false;

	bpf_spin_lock(&c->lock);
	if (c->tag == tag && !buried(c) && !past(c->expires, l->now_ms)) {
		left = leave_side(c, 0, l->vnic);
		left |= leave_side(c, 1, l->vnic);
		if (left && !held(c, 0) && !held(c, 1)) {
			c->end_reason = REASON_PORT_REMOVED;
			c->expires = l->now_ms;
		}
	}
	bpf_spin_unlock(&c->lock);
	return left;
}

static __always_inline bool has(const struct merlon_conn *c, __u32 vnic)
{
	return c->side[0].vnic == vnic || c->side[1].vnic == vnic;
}

static long leave4(void *map, struct merlon_key4 *key, struct merlon_conn *c, struct leaver *l)
{
	struct merlon_key4 k = *key;
	struct ends e;

	if (!has(c, l->vnic))
		return 0;
	ends4(&e, &k);
	c = bpf_map_lookup_elem(map, &k);
	if (c && leave_one(c, tag_of(&e), l))
		l->entries++;
	return 0;
}

static long leave6(void *map, struct merlon_key6 *key, struct merlon_conn *c, struct leaver *l)
{
	struct merlon_key6 k = *key;
	struct ends e;

	if (!has(c, l->vnic))
		return 0;
	ends6(&e, &k);
	c = bpf_map_lookup_elem(map, &k);
	if (c && leave_one(c, tag_of(&e), l))
		l->entries++;
	return 0;
}

/* Half-open ones first: what is promoted meanwhile is met in conn. */
static __noinline int leave_half(struct leaver *l)
{
	bpf_for_each_map_elem(&half4, leave4, l, 0);
	return bpf_for_each_map_elem(&half6, leave6, l, 0);
}

static __noinline int leave_conn(struct leaver *l)
{
	bpf_for_each_map_elem(&conn4, leave4, l, 0);
	return bpf_for_each_map_elem(&conn6, leave6, l, 0);
}

#endif
