/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells the agent's own test packet what became of it (BPF_PROG_TEST_RUN, `merlon trace`). What stands in the control block of any other
 * packet is not the guest's to choose, and if it were, it would only learn what it could see anyway. */
#ifndef MERLON_TRACE_H
#define MERLON_TRACE_H

#include "capture.h"

/* It goes nowhere. */
static __always_inline bool traced(const struct __sk_buff *skb)
{
	return skb->cb[MERLON_TRACE_ASKED] == MERLON_TRACE;
}

static __always_inline void trace(struct __sk_buff *skb, const struct work *w)
{
	if (!traced(skb))
		return;
	skb->cb[MERLON_TRACE_VERDICT] = w->told_verdict;
	skb->cb[MERLON_TRACE_REASON] = w->told_reason;
	skb->cb[MERLON_TRACE_RULE] = w->told_rule;
	skb->cb[MERLON_TRACE_SOURCE] = w->handoff.vnic;
}

#endif
