/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet of a connection that has an entry: is its own side still approved, and does it fit? */
#ifndef MERLON_FOLLOW_H
#define MERLON_FOLLOW_H

#include "promote.h"

#define OUT 0
#define IN 1

/* follow() says: no verdict from this entry. */
#define LOOK_ON 1

/* 6.1 counts 512 bytes of stack over a whole chain of calls: plan, approve, step and promote are called one
 * after the other from follow(), which is inlined, and tell each other through w->plan. */

static __always_inline __u32 guarded(const struct work *w, __u32 direction)
{
	return w->nic_flags & (direction == IN ? NIC_GUARD_IN : NIC_GUARD_OUT);
}

static __always_inline __u32 kind_of(__u32 proto)
{
	switch (proto) {
	case PROTO_TCP:
		return KIND_TCP;
	case PROTO_UDP:
		return KIND_UDP;
	case PROTO_SCTP:
		return KIND_SCTP;
	case PROTO_ICMP:
		return KIND_ICMP;
	case PROTO_ICMP6:
		return KIND_ICMP6;
	}
	return KIND_OTHER;
}

/* The question for judge() about a packet that the own end sent, or received: own end, other end, and the service as the initiator asked for it. */
static __noinline int ask(struct work *w, const struct packet *p, __u32 received, __u32 direction, __u32 from_initiator)
{
	struct judgement *j = &w->judgement;

	copy16(j->local, received ? p->destination : p->source);
	copy16(j->remote, received ? p->source : p->destination);
	j->direction = direction;
	j->remote_class = CLASS_BY_ADDRESS;
	j->kind = kind_of(p->proto);
	j->source = 0;
	if (j->kind == KIND_OTHER) {
		j->destination = p->proto;
	} else if (j->kind == KIND_ICMP || j->kind == KIND_ICMP6) {
		/* A reply is judged as the echo request that it answers. */
		j->destination = from_initiator ? p->icmp_type << 8 | p->icmp_code :
				 j->kind == KIND_ICMP ? ICMP_ECHO << 8 : ICMP6_ECHO << 8;
	} else {
		j->destination = bpf_ntohs(from_initiator ? p->destination_port : p->source_port);
		j->source = bpf_ntohs(from_initiator ? p->source_port : p->destination_port);
	}
	if (direction == IN && received && w->handoff.vnic)
		j->remote_class = w->handoff.source_class;
	return 0;
}

/* The port record of a vNIC behind a MAC of this segment. */
static __always_inline struct merlon_port *port_behind(struct work *w, const __u8 *mac, __u32 vnic)
{
	struct merlon_mac_key key = {.segment = w->port.segment};
	struct merlon_mac_owner *owner;
	struct merlon_port *port;

	__builtin_memcpy(key.mac, mac, 6);
	owner = bpf_map_lookup_elem(&macs, &key);
	if (!vnic || !owner || owner->vnic != vnic)
		return NULL;
	port = bpf_map_lookup_elem(&ports, &owner->ifindex);
	return port && port->vnic == vnic ? port : NULL;
}

/* Where the nic record of a guarded vNIC of this segment is bound, by a MAC that it speaks by. */
static __always_inline bool slot_behind(struct work *w, const __u8 *mac, __u32 vnic, __u32 *slot)
{
	struct merlon_port *port = port_behind(w, mac, vnic);
	struct merlon_licence *l = port ? NULL : licence_of(vnic);

	if (port)
		*slot = port->slot;
	else if (l && lists_mac(l, mac_word(mac)))
		*slot = l->slot;
	else
		return false;
	return true;
}

/* An initiator that is a guarded vNIC and speaks from an address it does not own is known by its vNIC. */
static __noinline int identify(struct work *w, __u32 vnic)
{
	struct merlon_owner_key key = {.realm = w->port.realm};
	struct merlon_owner *owner;
	__u64 bind, flags;
	__u32 nic, slot;
	void *image;

	copy16(key.address, w->judgement.remote);
	owner = bpf_map_lookup_elem(&owners, &key);
	if (!vnic || (owner && owner->vnic == vnic))
		return 0;
	image = image_of(w->generation);
	if (image && slot_behind(w, w->in ? w->packet.source_mac : w->packet.destination_mac, vnic, &slot) &&
	    (nic = nic_of(image, slot, &bind)) && word(image, nic, &flags))
		w->judgement.remote_class = flags >> 32;
	return 0;
}

/* Own side not approved under the present epoch: judged again, in the direction it was opened. */
static __noinline int judge_side(struct work *w, __u32 direction, __u32 from_initiator, __u32 peer_vnic)
{
	ask(w, &w->packet, w->in, direction, from_initiator);
	if (direction == IN && w->judgement.remote_class == CLASS_BY_ADDRESS)
		identify(w, w->in && w->handoff.vnic ? w->handoff.vnic : peer_vnic);
	return judge(w) ? 0 : REASON_IMAGE_FAULT;
}

static __always_inline enum step step_other(struct merlon_conn *c, struct work *w, bool first)
{
	if (c->state == CONN_NEW) {
		c->expires = w->now_ms + new_timeout(w->ends.proto);
		return first ? STEP_PASS : STEP_PROMOTE;
	}
	c->expires = w->now_ms + replied_timeout(w->ends.proto);
	return STEP_PASS;
}

/* The epoch of the own side, if it is this vNIC's and the present one. */
static __always_inline __u32 followed(const struct work *w, const struct merlon_conn *c)
{
	const struct merlon_side *own = &c->side[w->plan.own & 1];

	return own->vnic == w->port.vnic && own->epoch == w->epoch ? own->epoch : 0;
}

/* Both hooks have just found their sides approved, under one topology: what follows may take the short cut. */
static __always_inline void stamp(struct work *w, struct merlon_conn *c, __u32 s)
{
	const struct merlon_side *sender = &c->side[s & 1];

	/* The VM speaks, and not from here: it has moved, and its tap is no place to send to. A forger costs speed only. */
	if (sender->vnic && sender->vnic != w->handoff.vnic)
		c->topology = 0;
	if (!w->in || !w->handoff.followed || w->handoff.topology != w->topology || sender->vnic != w->handoff.vnic ||
	    sender->epoch != w->handoff.followed || !followed(w, c))
		return;
	c->topology = w->topology;
	c->way[s & 1] = w->handoff.way;
	c->way[(s & 1) ^ 1] = w->ifindex & (MERLON_WAYS - 1);
}

/* The receiver's VM alone spoke for the entry, and the sender's own hook has let the same out: that end speaks for it too. */
static __always_inline void vouch(const struct work *w, struct merlon_conn *c, __u32 s)
{
	__u32 epoch = w->handoff.epoch ? w->handoff.epoch : w->handoff.followed;

	if (!w->in || !epoch || !hearsay(c, s))
		return;
	c->side[s].vnic = w->handoff.vnic;
	c->side[s].epoch = epoch;
	c->left &= ~(1u << s | LEFT_BROUGHT << (s ^ 1));
}

/* The locked part. */
static __always_inline enum step apply(struct work *w, struct merlon_conn *c)
{
	const struct plan *plan = &w->plan;
	struct packet *p = &w->packet;
	__u32 s = plan->source & 1, own = plan->own & 1;
	bool first = s == (c->flags & CONN_INITIATOR_B), known = !w->in || (w->handoff.vnic && w->handoff.vnic == c->side[s].vnic);
	enum step result = STEP_PASS;

	if (absent(c, w) || c->created_ns != plan->life || (c->flags & CONN_INITIATOR_B) != plan->initiator ||
	    (is_syn(p) && p->proto == PROTO_TCP && replaceable(c, p->proto)))
		return STEP_ABSENT;
	/* What a VM here says has passed its own hook: what that has not heard is another's word in its name. */
	if (c->state == CONN_ADOPTED && !known && held(c, s) && !c->window[s].max_win)
		return STEP_STATE;
	if (plan->commit) {
		if (p->proto == PROTO_TCP)
			result = step_tcp(c, p, s, first, known, w->now_ms);
		else
			result = step_other(c, w, first);
	}
	if (result == STEP_ABSENT || result == STEP_WINDOW || result == STEP_STATE)
		return result;
	/* By an address that both may use another VM goes on in its place: the other end is asked about this one. */
	if (c->side[own].vnic && c->side[own].vnic != w->port.vnic)
		c->side[own ^ 1].epoch = 0;
	if (plan->stamp) {
		c->side[own].vnic = w->port.vnic;
		c->side[own].epoch = w->epoch;
		c->rule[plan->direction & 1] = w->judgement.rule;
		c->flags &= ~CONN_REVOKED;
	} else if (c->side[own].vnic != w->port.vnic) {
		/* It came to this host, and nobody judges it in this direction. */
		c->side[own].vnic = w->port.vnic;
		c->side[own].epoch = 0;
	}
	c->left &= ~(1u << own);
	vouch(w, c, s);
	if (plan->commit) {
		c->packets[s] += 1;
		c->bytes[s] += p->length;
		c->last_ms = w->now_ms;
		stamp(w, c, s);
	}
	if (result == STEP_PROMOTE && c->flags & CONN_PROMOTED)
		return STEP_PASS;
	return result;
}

/* from_vm before the last hook does not step, so a SYN that belongs to no live entry must be told apart here. */
static __always_inline bool other_syn(const struct work *w, const struct merlon_conn *c, __u32 s)
{
	const struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];
	const struct packet *p = &w->packet;

	if (p->proto != PROTO_TCP || !is_syn(p) || c->state < CONN_ESTABLISHED)
		return false;
	/* Nobody saw its SYN, so none is a late copy. While half-adopted none counts. */
	if (c->adopted)
		return c->state != CONN_ADOPTED;
	return replaceable(c, p->proto) || s != (c->flags & CONN_INITIATOR_B) || after(p->seq, own->max_end) ||
	       !after(p->seq, own->end - max_of(peer->max_win, ACK_SLACK));
}

/* An older connection of the same ends has lost to the one that was just answered or opened. */
static __noinline int retire(struct work *w, __u32 family, __u32 only_if_over)
{
	struct merlon_conn *c = find(w, family, CONN);
	bool owed = false;

	if (!c || c->tag != w->tag)
		return 0;
	bpf_spin_lock(&c->lock);
	if (c->tag == w->tag && !buried(c) && (!only_if_over || replaceable(c, w->ends.proto))) {
		c->end_reason = REASON_REPLACED;
		owed = bury(w, c);
	}
	bpf_spin_unlock(&c->lock);
	if (!owed)
		return 0;
	w->ends.half = CONN;
	return finish(w);
}

static __always_inline int step_reason(enum step step)
{
	return step == STEP_WINDOW ? REASON_TCP_OUT_OF_WINDOW : REASON_TCP_INVALID_STATE;
}

/* Who is who; false = this entry is not the packet's. */
static __always_inline bool plan(struct work *w, const struct merlon_conn *c)
{
	struct plan *p = &w->plan;

	/* Before all else that is read of it unlocked: apply() acts on this life only. */
	p->life = *(const volatile __u64 *)&c->created_ns;
	p->source = w->source_is_b & 1;
	p->own = w->in ? p->source ^ 1 : p->source;
	p->initiator = c->flags & CONN_INITIATOR_B;
	p->direction = p->own == p->initiator ? OUT : IN;
	p->commit = w->in || !w->peer_ifindex;
	p->stamp = 0;
	if (hearsay(c, p->own))
		return false;
	return !absent(c, w) && !other_syn(w, c, p->source);
}

/* What an address's owner has open no licence for that address enters. */
static __always_inline bool intrudes(struct work *w, const struct merlon_conn *c)
{
	__u32 mode = w->packet.family == FAMILY_4 ? w->port.spoof_ipv4 : w->port.spoof_ipv6;
	__u32 has = c->side[w->plan.own & 1].vnic;

	return has && has != w->port.vnic && mode == SPOOF_ENFORCE && others_address(w, (struct address *)w->packet.source);
}

/* Approves the own side, or returns the reason. */
static __noinline int approve(struct work *w, struct merlon_conn *c)
{
	struct plan *p = &w->plan;
	struct merlon_side *peer = &c->side[(p->own & 1) ^ 1];
	int reason = 0;

	if (followed(w, c))
		return 0;
	if (!w->in)
		reason = intrudes(w, c) ? REASON_SPOOFED_ADDRESS : spoofed_source(w);
	/* That it has opened it an adopting end hears from its own VM alone. */
	else if (c->adopted && p->own == p->initiator && c->side[p->own & 1].vnic != w->port.vnic)
		return REASON_TCP_NO_CONNECTION;
	if (reason || !guarded(w, p->direction))
		return reason;
	/* Each guarded end adopts it for itself, in its own time. */
	if (c->adopted && c->side[p->own & 1].vnic != w->port.vnic && !adopts(w->port.vnic, w->now_ns))
		return REASON_TCP_NO_CONNECTION;
	count(COUNTER_REJUDGED);
	reason = judge_side(w, p->direction, (p->own == p->initiator) == !w->in, peer->vnic);
	if (reason)
		return reason;
	p->stamp = 1;
	return w->judgement.passes ? 0 : REASON_REVOKED;
}

static __always_inline int refuse(struct work *w)
{
	struct judgement *j = &w->judgement;
	int verdict = drop_by_rule(w, j->reason, j->verdict == VERDICT_WOULD_ALLOW ? j->candidate_rule : j->rule, j->verdict);

	/* A reset would end the live connection of the same ends. */
	w->rejected = verdict == SHOT && j->rejects && !w->known;
	return verdict;
}

/* An opening that this side was never asked for: its peer made the entry when it took this end for one that is not here. */
static __always_inline bool unasked(const struct work *w, const struct merlon_conn *c)
{
	return w->in && c->state == CONN_NEW && !c->side[w->plan.own & 1].vnic;
}

/* Its rule is gone. The entry stays for a while and goes on if the rule comes back; nothing else prolongs it. */
static __noinline int cut(struct work *w, struct merlon_conn *c)
{
	__u32 until = w->now_ms + TIMEOUT_REVOKED;

	bpf_spin_lock(&c->lock);
	if (!absent(c, w) && c->created_ns == w->plan.life) {
		c->flags |= CONN_REVOKED;
		if (past(until, c->expires))
			c->expires = until;
	}
	bpf_spin_unlock(&c->lock);
	return 0;
}

static __noinline int take_step(struct work *w, struct merlon_conn *c)
{
	enum step step;

	bpf_spin_lock(&c->lock);
	/* For give_up(): only a half-open one can be refused after its step. */
	if (c->state < CONN_ESTABLISHED || c->state == CONN_ADOPTED)
		copy_out(conn_of(w->old), c);
	step = apply(w, c);
	/* In the same moment: what is promoted is what this packet left. */
	if (step == STEP_PROMOTE) {
		copy_out(conn_of(w->fresh), c);
		c->flags |= CONN_PROMOTED;
	}
	bpf_spin_unlock(&c->lock);
	return step;
}

/* What a guarded end of this segment says has passed that end's own hook just before. An answer in its name that has not is
 * forged outside: together with a forged SYN it must cost the two neither their live connection nor the answer of the real end.
 * Where either end is awaited, it is elsewhere and no hook tells the other. */
static __noinline int forged_answer(struct work *w, struct merlon_conn *c, __u32 family)
{
	__u32 vnic = c->side[w->plan.source & 1].vnic;
	struct merlon_port *port;
	struct merlon_conn *live;

	if (!w->in || w->port.awaited || !vnic || w->handoff.vnic == vnic || !(w->packet.tcp_flags & TCP_SYN) || w->packet.proto != PROTO_TCP)
		return 0;
	/* Who sends to a listed MAC finds no neighbour there, so its hook tells nothing: what opens is no answer. */
	if (is_syn(&w->packet) && w->plan.source == w->plan.initiator && !same6(w->packet.destination_mac, w->port.mac))
		return 0;
	port = port_behind(w, w->packet.source_mac, vnic);
	if (port && port->awaited)
		return 0;
	live = find(w, family, CONN);
	return live && !absent(live, w);
}

/* PASS, SHOT, or LOOK_ON: this entry says nothing about the packet. */
static __always_inline int follow(struct work *w, struct merlon_conn *c, __u32 family, __u32 half)
{
	int reason, step;

	if (!plan(w, c))
		return LOOK_ON;
	reason = approve(w, c);
	if (reason == REASON_REVOKED && unasked(w, c))
		return refuse(w);
	if (reason == REASON_REVOKED)
		cut(w, c);
	if (reason)
		return drop_by_rule(w, reason, w->plan.stamp ? w->judgement.rule : 0, VERDICT_DENY);
	if (half && forged_answer(w, c, family))
		return drop(w, REASON_TCP_INVALID_STATE);
	step = take_step(w, c);
	if (step == STEP_ABSENT)
		return LOOK_ON;
	if (step == STEP_WINDOW || step == STEP_STATE)
		return drop(w, step_reason(step));
	if (step == STEP_ANSWERED && half)
		retire(w, family, 0);
	if (step == STEP_PROMOTE && half) {
		reason = promote(w, c, family);
		if (reason)
			return drop(w, reason);
	}
	tell(w, VERDICT_ALLOW, w->plan.source == w->plan.initiator ? REASON_CONNECTION : REASON_REPLY, 0);
	if (!w->in)
		handoff_follow(w, followed(w, c));
	return PASS;
}

#endif
