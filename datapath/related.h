/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ICMP errors pass only for a live connection that they really quote: the quoted packet must have been sent
 * by the error's addressee, its entry must be live with the own side approved, and a quoted TCP
 * sequence number must have been sent recently (RFC 5927). A VM errs about its own connections only: those
 * that it is an end of, or forwards. They change no state and count nowhere.
 */
#ifndef MERLON_RELATED_H
#define MERLON_RELATED_H

#include "untracked.h"

#define QUOTED_TRANSPORT 8 /* what RFC 792 promises of it */

static __always_inline bool is_echo_reply(const struct packet *p)
{
	return (p->proto == PROTO_ICMP && p->icmp_type == ICMP_ECHO_REPLY) || (p->proto == PROTO_ICMP6 && p->icmp_type == ICMP6_ECHO_REPLY);
}

static __always_inline bool is_error(const struct packet *p)
{
	__u32 t = p->icmp_type;

	if (p->proto == PROTO_ICMP)
		return t == 3 || t == 5 || t == 11 || t == 12;
	return p->proto == PROTO_ICMP6 && t < 128;
}

/* Of another code it is no session's: a rule may name the code, so each packet is judged. */
static __always_inline bool is_echo(const struct packet *p)
{
	if (p->icmp_code)
		return false;
	if (p->proto == PROTO_ICMP)
		return p->icmp_type == ICMP_ECHO || p->icmp_type == ICMP_ECHO_REPLY;
	return p->icmp_type == ICMP6_ECHO || p->icmp_type == ICMP6_ECHO_REPLY;
}

static __always_inline bool sent_lately(const struct merlon_conn *c, const struct packet *q, __u32 s)
{
	const struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];

	if (q->proto != PROTO_TCP || c->flags & CONN_LIBERAL)
		return true;
	if (c->adopted && !after(q->seq, own->end - reach(c, s) - 1))
		return false;
	return own->max_win && !after(q->seq, own->end) && after(q->seq, own->end - max_of(peer->max_win, ACK_SLACK) - 1);
}

/* The entry is live, quoted in the right direction, and this hook's side of it is approved. */
static __always_inline bool vouches(const struct work *w, const struct merlon_conn *c)
{
	__u32 quoted = w->source_is_b & 1, own = w->in ? quoted : quoted ^ 1;
	const struct merlon_side *side = &c->side[own];

	if (absent(c, w) || !sent_lately(c, &w->quoted, quoted))
		return false;
	if (hearsay(c, own))
		return false;
	/* Before the answer only the opener has said anything that an error could be about. */
	if (c->state == CONN_NEW && quoted != (c->flags & CONN_INITIATOR_B))
		return false;
	if (side->vnic == w->port.vnic && side->epoch)
		return side->epoch == w->epoch;
	/* Not its side, unless it was never asked when the quoted packet reached it. */
	return w->in || !guarded(w, own == (c->flags & CONN_INITIATOR_B) ? OUT : IN);
}

enum word_of_entry {
	ENTRY_ABSENT = 0,
	ENTRY_DENIES = 1,
	ENTRY_VOUCHES = 2,
};

static __noinline int word_of_entry(struct work *w, __u32 half)
{
	struct merlon_conn *c = find(w, w->quoted.family, half);

	if (c && vouches(w, c))
		return ENTRY_VOUCHES;
	return c && !absent(c, w) ? ENTRY_DENIES : ENTRY_ABSENT;
}

static __always_inline int parse_quote(struct __sk_buff *skb, struct work *w)
{
	__u32 at = w->packet.l4 + 8;

	__builtin_memset(&w->quoted, 0, sizeof(w->quoted));
	if (w->packet.family == FAMILY_4)
		return parse_ip4(skb, &w->quoted, at, 1);
	return parse_ip6(skb, &w->quoted, at, 1);
}

static __noinline int quotes_live(struct __sk_buff *skb, struct work *w)
{
	struct packet *q = &w->quoted;
	__u32 said;

	if (w->packet.fragment || parse_quote(skb, w) || q->fragment == FRAGMENT_LATER)
		return 0;
	/* Padding behind the error quotes nothing. */
	if (q->l4 + QUOTED_TRANSPORT > w->packet.l4 + w->packet.l4_length)
		return 0;
	if (!same16(w->packet.destination, q->source))
		return 0;
	if ((q->proto == PROTO_ICMP || q->proto == PROTO_ICMP6) && !is_echo(q))
		return 0;
	set_ends(w, q);
	/* What moves between the first two looks is found by the third. */
	said = word_of_entry(w, CONN);
	if (said < ENTRY_VOUCHES)
		said |= word_of_entry(w, HALF);
	if (said < ENTRY_VOUCHES)
		said |= word_of_entry(w, CONN);
	/* What is tracked has its entry's word, and no other. */
	return said ? said & ENTRY_VOUCHES : quotes_untracked(w);
}

static __noinline int pass_related(struct __sk_buff *skb, struct work *w)
{
	int reason = w->in ? 0 : spoofed_source(w);

	if (reason)
		return drop(w, reason);
	if (guarded(w, w->in ? IN : OUT) && !quotes_live(skb, w))
		return drop(w, REASON_ICMP_UNRELATED);
	tell(w, VERDICT_ALLOW, REASON_RELATED, 0);
	if (!w->in)
		handoff_give(w, 0, 0, CLASS_BY_ADDRESS, 0);
	return PASS;
}

#endif
