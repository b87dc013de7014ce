/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A connection that ran before its VM was guarded (Guard.spec.adopt), met by a packet from its middle. Nobody saw who opened it, so it is
 * taken in only if the policy lets an end open it that the packet cannot choose: from outside the sender alone, of what the VM itself says
 * either end, the one with the higher port first. Each guarded end decides for itself, in its own time. What had an entry since, or was
 * refused, is not what ran before.
 */
#ifndef MERLON_ADOPT_H
#define MERLON_ADOPT_H

#include "reject.h"

/* What stands in w->judgement where nobody judges. */
static __always_inline void unjudged(struct work *w)
{
	w->judgement.rule = 0;
	w->judgement.candidate_rule = 0;
	w->judgement.log = 0;
	w->judgement.verdict = VERDICT_ALLOW;
	w->judgement.reason = REASON_DIRECTION_NOT_GUARDED;
	w->judgement.local_class = CLASS_BY_ADDRESS;
}

/* Does the own policy let it be opened in this direction? An observed vNIC's, too: when that is enforced, nobody asks again who opened it. */
static __always_inline bool may_have_opened(struct work *w, __u32 direction)
{
	struct judgement *j = &w->judgement;

	unjudged(w);
	if (!guarded(w, direction))
		return true;
	if (judge_side(w, direction, direction == (w->in ? IN : OUT), w->peer_vnic))
		return false;
	return j->passes && (j->verdict == VERDICT_ALLOW || !(w->nic_flags & NIC_OBSERVE));
}

/* Data or an acknowledgement, whole. */
static __always_inline bool from_the_middle(const struct packet *p)
{
	return p->proto == PROTO_TCP && !p->fragment && (p->tcp_flags & (TCP_SYN | TCP_RST | TCP_FIN | TCP_ACK)) == TCP_ACK;
}

/* It is this hook's to say. Where nobody judges what comes in, the source's word does. */
static __always_inline bool may_adopt(const struct work *w)
{
	bool told = w->handoff.flags & HANDOFF_ADOPTED;

	if (w->in && w->handoff.vnic && !told)
		return false;
	return adopts(w->port.vnic, w->now_ns) || (w->in && told && !guarded(w, IN));
}

/* Bits of the ends that may have opened it, for all that the tables know. */
static __noinline int possible_openers(struct work *w)
{
	if (!from_the_middle(&w->packet) || !may_adopt(w))
		return 0;
	if (find(w, w->packet.family, CONN) || find(w, w->packet.family, HALF))
		return 0;
	return EITHER_END & ~barred_openers(w, w->port.vnic);
}

/* receiver: who gets the packet has opened it. */
static __always_inline int taken_in(struct work *w, bool receiver)
{
	struct judgement *j = &w->judgement;

	/* The other hook would have to believe that its own VM opened it: it hears that from the VM itself. */
	if (receiver && w->peer_ifindex)
		return ADOPT_NONE;
	if (j->verdict != VERDICT_WOULD_DENY)
		j->reason = REASON_ADOPTED;
	tell(w, j->verdict, j->reason, j->rule);
	return receiver ? ADOPT_TAKEN : ADOPT_SENT;
}

/* The VM's port is the lower one: that is taken for the one that serves. */
static __always_inline bool serves(const struct work *w)
{
	__u32 source = bpf_ntohs(w->packet.source_port), destination = bpf_ntohs(w->packet.destination_port);

	return w->in ? destination < source : source < destination;
}

/* A way in that nobody judges stands for none out that is refused, unless the VM serves, or the other end's policy has let that open it. */
static __always_inline bool may_ask(const struct work *w, __u32 direction)
{
	return direction == OUT || guarded(w, IN) || (w->in && (w->handoff.flags & HANDOFF_ADOPTED || serves(w)));
}

/* ADOPT_*, with its judgement in w->judgement. What serves is not tried as asking: where all may leave, each connection into a closed port
 * would stay. */
__noinline int adopt(struct work *w)
{
	__u32 direction, possible, opener;

	if (!w || !(possible = possible_openers(w)))
		return ADOPT_NONE;
	for (direction = w->in || (guarded(w, IN) && serves(w)) ? IN : OUT; direction <= IN; direction++) {
		if (!may_ask(w, direction))
			break;
		opener = 1u << ((w->source_is_b ^ (!w->in && direction == IN)) & 1);
		if (!(possible & opener))
			continue;
		if (may_have_opened(w, direction))
			return taken_in(w, !w->in && direction == IN);
		bar(w, w->port.vnic, opener);
	}
	return ADOPT_NONE;
}

#endif
