/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading the image (layout: abi.h). Every word is read through a map lookup, so an offset that points
 * outside fails or reads a 0 that the agent left there; a missing word or cell is REASON_IMAGE_FAULT, never a verdict.
 */
#ifndef MERLON_IMAGE_H
#define MERLON_IMAGE_H

#include "flowlog.h"

struct section {
	__u32 offset, count;
};

static __always_inline bool word(void *image, __u32 at, __u64 *out)
{
	__u64 *value = bpf_map_lookup_elem(image, &at);

	if (!value)
		return false;
	*out = *value;
	return true;
}

static __always_inline bool section(void *image, __u32 header, struct section *out)
{
	__u64 w;

	if (!word(image, header, &w))
		return false;
	out->offset = w;
	out->count = w >> 32;
	return true;
}

static __always_inline bool read16(void *image, __u32 offset, __u32 index, __u32 *out)
{
	__u64 w;

	if (!word(image, offset + index / 4, &w))
		return false;
	*out = w >> (index % 4 * 16) & 0xffff;
	return true;
}

static __always_inline bool read32(void *image, __u32 offset, __u32 index, __u32 *out)
{
	__u64 w;

	if (!word(image, offset + index / 2, &w))
		return false;
	*out = w >> (index % 2 * 32);
	return true;
}

static __always_inline void *image_of(__u32 generation)
{
	__u32 index = generation & 1;
	__u64 held;
	void *image = bpf_map_lookup_elem(&images, &index);

	/* The slot may already hold the generation after the next. */
	if (!image || !word(image, IMAGE_W_GENERATION, &held) || (__u32)held != generation)
		return NULL;
	return image;
}

/* The nic record of a slot; 0 = nothing is bound there. */
static __always_inline __u32 nic_of(void *image, __u32 slot, __u64 *bind)
{
	struct section binds, nics;

	if (!section(image, IMAGE_W_BIND, &binds) || !section(image, IMAGE_W_NICS, &nics) || slot >= binds.count)
		return 0;
	if (!word(image, binds.offset + slot, bind) || !(__u32)*bind || (__u32)*bind > nics.count)
		return 0;
	return nics.offset + ((__u32)*bind - 1) * IMAGE_NIC_WORDS;
}

/* Reads the slot's bind word under generation g: nic record, flags and policy epoch, once per packet. */
static __always_inline bool bind_to(struct work *w, __u32 generation)
{
	void *image = image_of(generation);
	__u64 bind, flags;

	if (!generation || !image || !(w->nic = nic_of(image, w->port.slot, &bind)) || !word(image, w->nic, &flags))
		return false;
	w->nic_flags = flags;
	w->epoch = bind >> 32;
	w->generation = generation;
	return true;
}

/* wanted: the generation that the other hook judged this packet by, 0 = none. It may be one behind, no more. */
static __noinline int bind_image(struct work *w, __u32 wanted)
{
	__u32 zero = 0, present;
	struct merlon_control *c = bpf_map_lookup_elem(&control, &zero);

	if (!c)
		return 0;
	if (wanted && bind_to(w, wanted))
		return 1;
	present = *(volatile __u32 *)&c->generation;
	if (bind_to(w, present))
		return 1;
	/* A commit may have run in between: once more, then give up. */
	present = *(volatile __u32 *)&c->generation;
	return bind_to(w, present);
}

/* IPv4: 16-8-8 direct index. */
static __always_inline bool class4(void *image, __u32 realm, __u32 address, __u32 *class)
{
	struct section roots, nodes;
	__u32 entry;

	if (!section(image, IMAGE_W_ROOT4, &roots) || !section(image, IMAGE_W_NODE4, &nodes) || realm >= roots.count)
		return false;
	if (!read32(image, roots.offset, realm * 65536 + (address >> 16), &entry))
		return false;
	if (entry & IMAGE_NODE_BIT &&
	    !read32(image, nodes.offset, (entry & ~IMAGE_NODE_BIT) * 256 + (address >> 8 & 255), &entry))
		return false;
	if (entry & IMAGE_NODE_BIT &&
	    !read32(image, nodes.offset, (entry & ~IMAGE_NODE_BIT) * 256 + (address & 255), &entry))
		return false;
	*class = entry;
	return !(entry & IMAGE_NODE_BIT);
}

static __always_inline __u64 keep_high(__u64 bits, __u32 length)
{
	return !length ? 0 : bits & ~0ull << (64 - (length > 64 ? 64 : length));
}

/* IPv6: the active lengths, longest first, each one hash probe sequence. Nothing matches = class 0. */
static __always_inline bool class6(void *image, __u32 realm, const __u64 *address, __u32 *class)
{
	struct section lengths, table;
	__u64 high = bpf_be64_to_cpu(address[0]), low = bpf_be64_to_cpu(address[1]), seed;
	__u32 i, probe;

	*class = 0;
	if (!section(image, IMAGE_W_LENGTHS6, &lengths) || !section(image, IMAGE_W_HASH6, &table) ||
	    !word(image, IMAGE_W_SEED6, &seed))
		return false;
	for (i = 0; i < MERLON_MAX_V6_LENGTHS; i++) {
		__u64 h, l, meta, word_high, word_low, word_meta, found;
		__u32 length, bucket;

		if (i >= lengths.count)
			return true;
		if (!read16(image, lengths.offset, i, &length) || length > 128 || !table.count)
			return false;
		h = keep_high(high, length);
		l = length > 64 ? keep_high(low, length - 64) : 0;
		meta = length | realm << 8;
		bucket = merlon_hash6(h, l, meta | seed << 32);
		for (probe = 0; probe < MERLON_V6_PROBES; probe++) {
			__u32 at = table.offset + ((bucket + probe) & (table.count - 1)) * 4;

			if (!word(image, at + 2, &word_meta))
				return false;
			if (!(word_meta >> 32))
				break;
			if (word_meta != (meta | 1ull << 32))
				continue;
			if (!word(image, at, &word_high) || !word(image, at + 1, &word_low) || !word(image, at + 3, &found))
				return false;
			if (word_high == h && word_low == l) {
				*class = found;
				return true;
			}
		}
	}
	return true;
}

#endif
