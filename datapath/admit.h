/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets without an entry: they may open one, or are judged each for itself, or have no business here. */
#ifndef MERLON_ADMIT_H
#define MERLON_ADMIT_H

#include "adopt.h"

/* 0 = may open a connection. beside: a live entry was found that the packet does not fit. */
static __always_inline int opens(const struct packet *p, bool beside)
{
	if (p->proto == PROTO_TCP && !is_syn(p))
		return beside ? REASON_TCP_OUT_OF_WINDOW : REASON_TCP_NO_CONNECTION;
	if (is_echo_reply(p))
		return REASON_ICMP_NO_CONNECTION;
	return 0;
}

/* Judges a packet that no entry answers for: in this hook's direction; where it has a role (untracked.h), in that of the flow's opening.
 * Fills w->judgement; 0, or SHOT or PASS from drop(). */
static __noinline int judge_first(struct work *w, __u32 role)
{
	bool against = turned(w, role);
	__u32 hook = w->in ? IN : OUT, direction = role && !against ? direction_of(role) : hook;

	/* adopt() has. */
	if (w->adopted)
		return 0;
	unjudged(w);
	tell(w, VERDICT_ALLOW, REASON_DIRECTION_NOT_GUARDED, 0);
	if (!guarded(w, direction))
		return 0;
	if (against)
		return drop(w, REASON_UNTRACKED_SYN);
	if (judge_side(w, direction, direction == hook, role ? w->peer_vnic : 0))
		return drop(w, REASON_IMAGE_FAULT);
	if (role && w->judgement.passes && w->judgement.reason != REASON_OBSERVED)
		w->judgement.reason = REASON_UNTRACKED;
	tell(w, w->judgement.verdict, w->judgement.reason, w->judgement.rule);
	return w->judgement.passes ? 0 : refuse(w);
}

static __always_inline void count_opened(__u32 vm)
{
	struct merlon_budget *b = bpf_map_lookup_elem(&budgets, &vm);

	if (b)
		__sync_fetch_and_add(&b->opened, 1);
	count(COUNTER_CONN_OPENED);
}

static __noinline int enter(struct work *w, __u32 family, __u32 log, __u32 differs)
{
	__u32 direction = w->in || w->adopted == ADOPT_TAKEN ? IN : OUT;
	int placed, reason;

	/* Of the VM that opens: the sender's where it is guarded, else the own one's. */
	w->vm = w->in && w->handoff.vnic ? w->handoff.vm : w->port.vm;
	/* What the outside opens costs the VM's budget, not its pace: else whoever may reach it could keep it from opening anything. */
	reason = w->in && !w->handoff.vnic ? 0 : spend(w, w->vm, RATE_CONNECTIONS);
	if (!reason)
		reason = charge(w, w->vm, HALF);
	if (reason)
		return drop(w, reason);
	fill_fresh(w, guarded(w, direction) ? w->epoch : 0, log || differs);
	placed = place(w, family, HALF);
	if (placed != PLACE_DONE)
		uncharge(w, w->vm, HALF);
	if (placed == PLACE_FULL)
		return drop(w, table_full(w->vm));
	if (placed == PLACE_JOINED)
		return PASS;
	if (w->packet.proto == PROTO_TCP)
		retire(w, family, 1);
	count_opened(w->vm);
	if (w->adopted)
		count(COUNTER_ADOPTED);
	if (log || differs)
		open_event(w, differs, w->judgement.candidate_rule ? w->judgement.candidate_rule : w->handoff.candidate_rule);
	return PASS;
}

/* What opens nothing here. Where it goes on all the same, the next hook is told whose it is, else it would take the VM for somebody outside. */
static __always_inline int pass_unopened(struct work *w, int reason)
{
	if (guarded(w, w->in ? IN : OUT) && drop(w, reason) == SHOT)
		return SHOT;
	if (!w->in)
		handoff_give(w, 0, 0, CLASS_BY_ADDRESS, 0);
	return PASS;
}

static __noinline int open_connection(struct work *w, __u32 family, __u32 beside)
{
	struct judgement *j = &w->judgement;
	__u32 log, differs;
	int reason = w->in ? 0 : spoofed_source(w), verdict;

	if (reason)
		return drop(w, reason);
	reason = opens(&w->packet, beside);
	w->adopted = reason == REASON_TCP_NO_CONNECTION ? adopt(w) : ADOPT_NONE;
	if (reason && !w->adopted)
		return pass_unopened(w, reason);
	verdict = judge_first(w, 0);
	if (verdict)
		return verdict;
	log = j->log || w->nic_flags & NIC_LOG_ALLOW;
	differs = j->verdict == VERDICT_WOULD_DENY;
	if (!w->in && w->peer_ifindex) {
		handoff_give(w, guarded(w, OUT) ? w->epoch : 0, j->rule, j->local_class,
			     (w->adopted ? HANDOFF_ADOPTED : 0) | (log ? HANDOFF_LOG : 0) | (differs ? HANDOFF_WOULD_DENY : 0));
		return PASS;
	}
	return enter(w, family, log || w->handoff.flags & HANDOFF_LOG, differs || w->handoff.flags & HANDOFF_WOULD_DENY);
}

/* Multicast, broadcast, ICMP that is neither echo nor error, frames for another MAC, and TCP that has a role (untracked.h): no entry, every
 * packet alone. */
static __noinline int judge_alone(struct work *w, __u32 role)
{
	struct judgement *j = &w->judgement;
	int reason = w->in ? 0 : spoofed_source(w), verdict;

	if (reason)
		return drop(w, reason);
	verdict = judge_first(w, role);
	if (verdict)
		return verdict;
	if (j->verdict == VERDICT_WOULD_DENY)
		record_deny(w, REASON_OBSERVED, j->candidate_rule, VERDICT_WOULD_DENY);
	if (!w->in)
		handoff_give(w, 0, j->rule, j->local_class, role ? HANDOFF_UNTRACKED : 0);
	return PASS;
}

static __noinline int track(struct work *w)
{
	__u32 family = w->packet.family, beside = 0;
	struct merlon_conn *c;
	int verdict;

	set_ends(w, &w->packet);
	c = find(w, family, CONN);
	if (c) {
		verdict = follow(w, c, family, CONN);
		if (verdict != LOOK_ON)
			return verdict;
		beside = !absent(c, w);
		w->known = beside;
	}
	c = find(w, family, HALF);
	if (c) {
		verdict = follow(w, c, family, HALF);
		if (verdict != LOOK_ON)
			return verdict;
		w->known |= !absent(c, w);
		/* It has moved between our two looks; its new copy was there before this one was buried. */
		if (!beside && c->tag == w->tag && c->flags & CONN_PROMOTED && (c = find(w, family, CONN))) {
			verdict = follow(w, c, family, CONN);
			if (verdict != LOOK_ON)
				return verdict;
			beside = !absent(c, w);
			w->known |= beside;
		}
	}
	return open_connection(w, family, beside);
}

#endif
