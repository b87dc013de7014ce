/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the filter saw at a port that is captured, and what it made of it. Copied after the verdict, which it cannot change; a
 * full ring costs the copy alone and is counted. A port that is not captured pays for one look at its flags
 * and for remembering verdict, reason and rule.
 */
#ifndef MERLON_CAPTURE_H
#define MERLON_CAPTURE_H

#include "leave.h"

static __noinline int fill_capture(struct __sk_buff *skb, const struct work *w, struct merlon_capture *c)
{
	__u32 length = skb->len;

	c->time_ns = w->now_ns;
	c->vnic = w->port.vnic;
	c->length = length;
	c->rule = w->told_rule;
	c->vlan = skb->vlan_tci;
	c->vlan_type = skb->vlan_present ? bpf_ntohs(skb->vlan_proto) : 0;
	c->in = w->in;
	c->verdict = w->told_verdict;
	c->reason = w->told_reason;
	if (length > MERLON_CAPTURE_BYTES)
		length = MERLON_CAPTURE_BYTES;
	c->captured = length;
	length -= 1;
	asm volatile("" : "+r"(length)); /* as in window_scale() */
	if (length >= MERLON_CAPTURE_BYTES || bpf_skb_load_bytes(skb, 0, c->frame, length + 1))
		c->captured = 0;
	return 0;
}

static __noinline int capture(struct __sk_buff *skb, const struct work *w)
{
	struct merlon_capture *c = bpf_ringbuf_reserve(&captures, sizeof(*c), 0);

	if (!c) {
		count(COUNTER_CAPTURES_LOST);
		return 0;
	}
	fill_capture(skb, w, c);
	bpf_ringbuf_submit(c, BPF_RB_NO_WAKEUP);
	return 0;
}

#endif
