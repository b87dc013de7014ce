/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One judgement: [class of the remote address][service class] of the ruleset that the own address chooses.
 * The same steps as Merlon.Policy's ImageSimulator, word for word.
 */
#ifndef MERLON_POLICY_H
#define MERLON_POLICY_H

#include "image.h"

#define NO_PLANE 0xff

static __always_inline bool owns(struct work *w, const __u8 *address)
{
	struct merlon_owner_key key = {.realm = w->port.realm};
	struct merlon_owner *owner;

	copy16(key.address, address);
	owner = bpf_map_lookup_elem(&owners, &key);
	return owner && owner->vnic == w->port.vnic;
}

/* By value: Linux 6.1 takes no key out of a function's argument. */
static __always_inline struct merlon_licence *licence_of(__u32 vnic)
{
	return bpf_map_lookup_elem(&licences, &vnic);
}

/* Without a branch, as listed_vlan(). */
static __always_inline bool lists_mac(const struct merlon_licence *l, __u64 mac)
{
	__u64 differs, outside = 1;
	__u32 i;

	for (i = 0; i < MERLON_LICENCE_MOST; i++) {
		differs = mac ^ l->macs[i];
		outside &= ((differs | -differs) >> 63) | ((l->mac_count - 1 - i) >> 31);
	}
	return !outside;
}

static __noinline int class_of(void *image, __u32 realm, const __u8 *address, __u32 *class)
{
	const __u32 *words = (const __u32 *)address;

	if (!words[0] && !words[1] && words[2] == bpf_htonl(0xffff))
		return class4(image, realm, bpf_ntohl(words[3]), class);
	return class6(image, realm, (const __u64 *)address, class);
}

/* The own side: class, and the pair of rulesets it chooses. */
static __always_inline bool own_side(struct work *w, struct judgement *j, void *image, __u64 *rulesets)
{
	__u64 flags, locals, class, pair;
	__u32 i, own;

	if (!word(image, w->nic, &flags) || !word(image, w->nic + 1, rulesets))
		return false;
	j->local_class = flags >> 32;
	if (!owns(w, j->local))
		return true;
	if (!class_of(image, w->port.realm, j->local, &own) || !word(image, w->nic + 2, &locals))
		return false;
	j->local_class = own;
	for (i = 0; i < MERLON_NIC_LOCALS; i++) {
		if (i >= locals)
			break;
		if (!word(image, w->nic + 3 + 2 * i, &class) || !word(image, w->nic + 4 + 2 * i, &pair))
			return false;
		if ((__u32)class == own) {
			*rulesets = pair;
			break;
		}
	}
	return true;
}

static __always_inline bool plane_value(void *image, __u32 plane, __u32 value, __u32 *out)
{
	struct section planes, chunks;
	__u32 chunk;

	if (!section(image, IMAGE_W_PLANES, &planes) || !section(image, IMAGE_W_CHUNKS, &chunks))
		return false;
	if (plane >= planes.count || !read16(image, planes.offset + plane * 64, value >> 8, &chunk))
		return false;
	return chunk < chunks.count && read16(image, chunks.offset + chunk * 64, value & 255, out);
}

static __always_inline bool plane_class(void *image, __u32 plane, __u32 value, __u32 *class)
{
	*class = 0;
	return plane == NO_PLANE || plane_value(image, plane, value, class);
}

static __noinline int service_class(void *image, __u32 kind, __u32 destination, __u32 source, __u32 *class)
{
	struct section kinds, combos;
	__u32 sources, from, to, at;
	__u64 k;

	if (!section(image, IMAGE_W_KINDS, &kinds) || !section(image, IMAGE_W_COMBOS, &combos))
		return 0;
	if (kind >= kinds.count || !word(image, kinds.offset + kind, &k))
		return 0;
	sources = k >> 16 & 0xffff;
	if (!plane_class(image, k & 0xff, destination & 0xffff, &to))
		return 0;
	if (!plane_class(image, k >> 8 & 0xff, source & 0xffff, &from))
		return 0;
	at = (__u32)(k >> 32) + to * sources + from;
	return at < combos.count && read16(image, combos.offset, at, class);
}

/* The cell of a ruleset; rows and columns are bounded by the ruleset's own counts. */
static __noinline int find_cell(void *image, __u32 ruleset, __u32 remote, __u32 service, __u64 *cell)
{
	struct section rulesets, rows, columns, classes;
	__u32 at, row, column, half;
	__u64 cells;

	if (!section(image, IMAGE_W_RULESETS, &rulesets) || ruleset >= rulesets.count)
		return 0;
	at = rulesets.offset + ruleset * IMAGE_RULESET_WORDS;
	if (!section(image, IMAGE_W_CLASSES, &classes) || remote >= classes.offset || service >= classes.count)
		return 0;
	/* rows.count holds the number of columns and the reverse (abi.h). */
	if (!section(image, at, &rows) || !section(image, at + 1, &columns) || !word(image, at + 2, &cells))
		return 0;
	if (!read16(image, rows.offset, remote, &row) || !read16(image, columns.offset, service, &column))
		return 0;
	if (row >= columns.count || column >= rows.count)
		return 0;
	at = row * rows.count + column;
	if (!(cells >> 32 & RULESET_NARROW))
		return word(image, (__u32)cells + at, cell);
	if (!read32(image, (__u32)cells, at, &half))
		return 0;
	*cell = half | (__u64)half << 32;
	return 1;
}

static __always_inline __u32 rule_id(void *image, __u32 half)
{
	struct section ids;
	__u32 rule = half & CELL_RULE_MASK, id;

	if (rule == CELL_RULE_DEFAULT)
		return RULE_ID_DEFAULT;
	if (!section(image, IMAGE_W_RULE_IDS, &ids) || rule >= ids.count || !read32(image, ids.offset, rule, &id))
		return 0;
	return id;
}

/* Active and candidate verdict into one word (ARCHITECTURE.md, "Verdict words"). */
static __always_inline bool conclude(struct work *w, struct judgement *j, void *image, __u64 cell)
{
	__u32 active = cell, candidate = cell >> 32;
	__u32 verdict = active >> CELL_VERDICT_SHIFT & 15, wanted = candidate >> CELL_VERDICT_SHIFT & 15;

	if (!verdict || verdict > VERDICT_REJECT || !wanted || wanted > VERDICT_REJECT)
		return false;
	j->rule = rule_id(image, active);
	j->candidate_rule = 0;
	j->log = !!(active & CELL_LOG);
	j->reason = (active & CELL_RULE_MASK) == CELL_RULE_DEFAULT ? REASON_DEFAULT : REASON_RULE;
	if (w->nic_flags & NIC_OBSERVE && verdict != VERDICT_ALLOW) {
		/* The Guard observes: nothing of the active verdict is enforced, so none of its rules decided. */
		verdict = VERDICT_ALLOW;
		j->rule = 0;
		j->reason = REASON_OBSERVED;
	}
	j->passes = verdict == VERDICT_ALLOW;
	j->rejects = verdict == VERDICT_REJECT;
	if (j->passes != (wanted == VERDICT_ALLOW)) {
		verdict = j->passes ? VERDICT_WOULD_DENY : VERDICT_WOULD_ALLOW;
		j->reason = REASON_OBSERVED;
		j->candidate_rule = rule_id(image, candidate);
		hit(j->candidate_rule, true);
	}
	j->verdict = verdict;
	hit(j->rule, false);
	return true;
}

/* Judges w->judgement under w->generation. 1 = judged, 0 = the image points outside itself. */
__noinline int judge(struct work *w)
{
	struct judgement *j;
	__u32 remote, service;
	__u64 rulesets, cell;
	void *image;

	if (!w)
		return 0;
	j = &w->judgement;
	j->passes = 0;
	image = image_of(w->generation);
	if (!image || !own_side(w, j, image, &rulesets))
		return 0;
	remote = j->remote_class;
	if (remote == CLASS_BY_ADDRESS && !class_of(image, w->port.realm, j->remote, &remote))
		return 0;
	if (!service_class(image, j->kind, j->destination, j->source, &service))
		return 0;
	if (!find_cell(image, j->direction ? rulesets >> 32 : rulesets, remote, service, &cell))
		return 0;
	return conclude(w, j, image, cell);
}

#endif
