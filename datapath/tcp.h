/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP by state and window (RFC 9293, RFC 5961, RFC 7323; the bounds are those of "Real Stateful TCP Packet
 * Filtering in IP Filter", G. van Rooij). Everything here runs under the entry's lock, so it is inlined
 * and calls nothing. Liberal where real stacks need it: retransmissions of acknowledged data, keepalives
 * below the window, zero-window probes, challenge ACKs, a lost last ACK.
 */
#ifndef MERLON_TCP_H
#define MERLON_TCP_H

#include "conntrack.h"

/* Acknowledgements may be late by this much even where windows are small. */
#define ACK_SLACK 66000u
/* The most that can be offered (RFC 7323 2.3). Twice as much is less than half of the numbers. */
#define MOST_SCALE 14
#define MOST_WINDOW (65535u << MOST_SCALE)
/* So much data a SYN may carry. */
#define SYN_SLACK 65535u

enum step {
	STEP_PASS = 0,
	STEP_ABSENT = 1,           /* this entry is not this packet's: look on */
	STEP_PROMOTE = 2,          /* passes, and the entry has outgrown half-open */
	STEP_WINDOW = 3,
	STEP_STATE = 4,
	STEP_ANSWERED = 5,         /* passes: the SYN-ACK that makes this the connection of its ends */
};

static __always_inline bool after(__u32 a, __u32 b)
{
	return (__s32)(a - b) > 0;
}

/* Flag sets that a stack can send; the rest is a scanner's (PSH, ECE, CWR do not matter). */
static __always_inline bool tcp_flags_valid(__u32 flags)
{
	switch (flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG)) {
	case TCP_SYN:
	case TCP_SYN | TCP_URG:
	case TCP_SYN | TCP_ACK:
	case TCP_RST:
	case TCP_RST | TCP_ACK:
	case TCP_FIN | TCP_ACK:
	case TCP_FIN | TCP_ACK | TCP_URG:
	case TCP_ACK:
	case TCP_ACK | TCP_URG:
		return true;
	}
	return false;
}

static __always_inline bool is_syn(const struct packet *p)
{
	return (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

static __always_inline __u32 segment_end(const struct packet *p)
{
	return p->seq + p->data_length + !!(p->tcp_flags & TCP_SYN) + !!(p->tcp_flags & TCP_FIN);
}

/* The first segment that a side sends: no scaling yet (RFC 7323 2.2). Before anything is offered to it, max_end stands
 * behind the SYN itself, where its data begins. */
static __always_inline void open_window(struct merlon_conn *c, const struct packet *p, __u32 s)
{
	struct merlon_window *own = &c->window[s & 1];
	__u32 scale = p->tcp_scale ? p->tcp_scale - 1 : 0;

	own->end = segment_end(p);
	/* Data may follow at once within the window that the other SYN offered (RFC 7413). */
	own->max_end = c->window[(s & 1) ^ 1].max_win ? own->end + c->window[(s & 1) ^ 1].max_win : p->seq + 1;
	own->max_win = p->window ? p->window : 1;
	c->scale = s ? (c->scale & 0x0f) | scale << 4 : (c->scale & 0xf0) | scale;
}

static __always_inline __u32 max_of(__u32 a, __u32 b)
{
	return a > b ? a : b;
}

/* Of an adopted connection nobody saw the scales, so its windows count as the largest that they can be. But a side is no further ahead of
 * what it sent than by what may have been lost: as much as is on its way. */
static __always_inline __u32 reach(const struct merlon_conn *c, __u32 s)
{
	__u32 acked = c->max_ack[(s & 1) ^ 1], flying = acked ? c->window[s & 1].end - acked : 0;

	return flying > MOST_WINDOW ? ACK_SLACK : max_of(flying, ACK_SLACK);
}

/* Of an adopted connection: what this end has acknowledged, the other was not seen to send. */
static __always_inline bool unbound(const struct merlon_conn *c, __u32 s)
{
	return c->adopted && !c->max_ack[s & 1];
}

static __always_inline bool in_window(const struct merlon_conn *c, __u32 s, __u32 seq, __u32 end, __u32 ack)
{
	const struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];
	__u32 late;

	if (c->adopted && !unbound(c, s ^ 1) && after(seq, own->end + reach(c, s)))
		return false;
	if (after(seq, own->max_end))
		return false;
	if (peer->max_win && !after(end, own->end - peer->max_win - 1))
		return false;
	if (unbound(c, s))
		return ack - (peer->end - MOST_WINDOW) <= 2 * MOST_WINDOW;
	/* Overtaken by one of a whole window more, after which another window was sent. */
	late = c->adopted ? reach(c, s ^ 1) : max_of(own->max_win, ACK_SLACK);
	if (late > MOST_WINDOW)
		late = MOST_WINDOW;
	return !after(ack, peer->end) && after(ack, peer->end - 2 * late - 1);
}

/* An accepted segment moves what both sides may send next. */
static __always_inline void advance(struct merlon_conn *c, const struct packet *p, __u32 s, __u32 end, __u32 ack)
{
	struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];
	__u32 window = p->window;

	if (!(p->tcp_flags & TCP_SYN) && c->flags & CONN_SCALE_OK)
		window <<= (s ? c->scale >> 4 : c->scale) & 15;
	own->max_win = max_of(own->max_win, window);
	if (after(end, own->end))
		own->end = end;
	/* Sent past what we saw offered: an offer was lost here, so it was larger. */
	if (peer->max_win && after(end, own->max_end))
		peer->max_win += end - own->max_end;
	if (!(p->tcp_flags & TCP_ACK))
		return;
	if (!c->max_ack[s & 1] || after(ack, c->max_ack[s & 1]))
		c->max_ack[s & 1] = ack;
	/* A closed window is probed with one byte. */
	if (after(ack + window + !window, peer->max_end))
		peer->max_end = ack + window + !window;
}

/* What answers a SYN acknowledges it, with or without its data (RFC 9293 3.10.7.3, RFC 7413). */
static __always_inline bool answers_syn(const struct merlon_conn *c, const struct merlon_window *syn, __u32 ack)
{
	__u32 least = c->state == CONN_NEW ? syn->max_end : syn->end - SYN_SLACK;

	return ack - least <= syn->end - least;
}

static __always_inline void settle(struct merlon_conn *c, __u32 now)
{
	if (c->state == CONN_NEW || c->state == CONN_REPLIED || c->state == CONN_ADOPTED) {
		c->expires = now + TIMEOUT_TCP_HALF;
	} else if (c->state != CONN_RESET) {
		__u32 fins = c->flags & (CONN_FIN_A | CONN_FIN_B);

		c->state = !fins ? CONN_ESTABLISHED : fins == (CONN_FIN_A | CONN_FIN_B) ? CONN_CLOSED : CONN_CLOSING;
		c->expires = now + (c->state == CONN_ESTABLISHED ? TIMEOUT_TCP_ESTABLISHED :
				    c->state == CONN_CLOSING ? TIMEOUT_TCP_CLOSING : TIMEOUT_TCP_CLOSED);
	}
}

/* Over, and kept for a moment so that what is still on its way is told apart. */
static __always_inline void end_by_reset(struct merlon_conn *c, __u32 now)
{
	if (c->state == CONN_RESET)
		return;
	c->state = CONN_RESET;
	c->expires = now + TIMEOUT_TCP_RESET;
}

/* RST. Believed only at the exact sequence number; one that is merely in the window passes, so that the
 * receiver can challenge it (RFC 5961 3.2), and changes nothing here. Never deletes. */
static __always_inline enum step step_rst(struct merlon_conn *c, const struct packet *p, __u32 s, bool first, bool known, __u32 now)
{
	struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];
	__u32 ack = p->tcp_flags & TCP_ACK && p->ack ? p->ack : peer->end;
	bool exact;

	if (c->state == CONN_NEW) {
		/* A refusal acknowledges the SYN; the opener may give up, or answer a challenge ACK. */
		if (!first && (!(p->tcp_flags & TCP_ACK) || !answers_syn(c, peer, p->ack)))
			return STEP_WINDOW;
		exact = !first || p->seq == own->end;
	} else {
		if (!in_window(c, s, p->seq, segment_end(p), ack))
			return c->flags & CONN_LIBERAL ? STEP_PASS : STEP_WINDOW;
		/* Where a stranger may have said how far it has come, only what the VM has acknowledged is known. */
		exact = (p->seq == own->end && (known || !c->adopted)) || p->seq == c->max_ack[(s & 1) ^ 1];
	}
	if (exact)
		end_by_reset(c, now);
	return STEP_PASS;
}

/* SYN without ACK on a live entry. */
static __always_inline enum step step_syn(struct merlon_conn *c, const struct packet *p, __u32 s, bool first, __u32 now)
{
	struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];
	bool again = first && p->seq + 1 == own->max_end;
	__u32 sent = own->end;

	switch (c->state) {
	case CONN_NEW:
		open_window(c, p, s);
		/* Fast Open's SYN is sent again without its data, which may have arrived all the same. */
		if (again && after(sent, own->end))
			own->end = sent;
		/* Both sides at once (RFC 9293 3.5): their SYN-ACKs follow. */
		if (!first)
			c->state = CONN_REPLIED;
		if (!p->tcp_scale)
			c->flags &= ~CONN_SCALE_OK;
		settle(c, now);
		return STEP_PASS;
	case CONN_REPLIED:
		return STEP_PASS;
	case CONN_ESTABLISHED:
	case CONN_CLOSING:
		/* A late copy of the first SYN lies in the window; another number is another connection's, which the
		 * receiver will challenge (RFC 5961 4.2) unless it forgot this one. It is judged and kept beside, and
		 * so is any of the end that answered: nobody has judged yet what that end opens. */
		if (first && !after(p->seq, own->max_end) && after(p->seq, own->end - max_of(peer->max_win, ACK_SLACK)))
			return STEP_PASS;
		return STEP_ABSENT;
	}
	return STEP_ABSENT;
}

static __always_inline enum step step_syn_ack(struct merlon_conn *c, const struct packet *p, __u32 s, bool first, __u32 now)
{
	struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];

	if (c->state == CONN_NEW && first)
		return STEP_STATE;
	if (c->state == CONN_NEW || (c->state == CONN_REPLIED && !first)) {
		enum step result = c->state == CONN_NEW ? STEP_ANSWERED : STEP_PASS;

		if (!answers_syn(c, peer, p->ack))
			return STEP_WINDOW;
		if (c->state == CONN_NEW || after(segment_end(p), own->end))
			open_window(c, p, s);
		if (!p->tcp_scale)
			c->flags &= ~CONN_SCALE_OK;
		c->state = CONN_REPLIED;
		advance(c, p, s, segment_end(p), p->ack);
		settle(c, now);
		return result;
	}
	/* Its first one is long past. */
	if (c->adopted)
		return STEP_ABSENT;
	if (!in_window(c, s, p->seq, segment_end(p), p->ack))
		return STEP_ABSENT;
	if (c->state != CONN_REPLIED)
		return STEP_PASS;
	advance(c, p, s, segment_end(p), p->ack);
	return STEP_PROMOTE;
}

/* An acceptable segment that is neither SYN nor RST. Of an adopted connection an end outside binds nobody by what it has acknowledged until that
 * is once all that the VM was seen to send, and nobody ends it, or makes it liberal, far from what the VM has acknowledged. */
static __always_inline void take(struct merlon_conn *c, const struct packet *p, __u32 s, __u32 end, bool known)
{
	__u32 sent = c->window[(s & 1) ^ 1].end, acked = c->max_ack[s & 1];
	bool anybody = c->adopted && !known, ahead = anybody && after(p->ack, sent);

	advance(c, p, s, end, ahead ? sent : p->ack);
	if (ahead || (anybody && !acked && p->ack != sent))
		c->max_ack[s & 1] = acked;
	if (anybody && p->seq - c->max_ack[(s & 1) ^ 1] > ACK_SLACK)
		return;
	if (p->fragment)
		c->flags |= CONN_LIBERAL;
	if (p->tcp_flags & TCP_FIN)
		c->flags |= s ? CONN_FIN_B : CONN_FIN_A;
}

static __always_inline enum step step_ack(struct merlon_conn *c, const struct packet *p, __u32 s, bool first, bool known, __u32 now)
{
	__u32 end = segment_end(p);
	bool opened;

	if (c->state == CONN_NEW)
		/* A peer that remembers an older connection challenges the SYN (RFC 5961 4.2). */
		return first || p->tcp_flags & TCP_FIN ? STEP_STATE : STEP_PASS;
	if (!in_window(c, s, p->seq, end, p->ack)) {
		if (!(c->flags & CONN_LIBERAL))
			return STEP_WINDOW;
	}
	take(c, p, s, end, known);
	opened = c->state == CONN_REPLIED;
	settle(c, now);
	return opened && first ? STEP_PROMOTE : STEP_PASS;
}

/* How far each side has come, as far as one packet tells. What was offered, nobody saw. */
static __always_inline void set_ends_of(struct merlon_conn *c, __u32 s, __u32 own, __u32 peer)
{
	c->window[s & 1].end = own;
	c->window[s & 1].max_end = own + MOST_WINDOW;
	c->window[(s & 1) ^ 1].end = peer;
	c->window[(s & 1) ^ 1].max_end = peer + MOST_WINDOW;
}

static __always_inline __u32 largest_window(const struct packet *p)
{
	return max_of(p->window, 1) << MOST_SCALE;
}

/* The adopting packet. */
static __always_inline void adopt_windows(struct merlon_conn *c, const struct packet *p, __u32 s)
{
	set_ends_of(c, s, segment_end(p), p->ack);
	c->window[s & 1].max_win = largest_window(p);
	c->max_ack[s & 1] = p->ack;
	c->scale = MOST_SCALE << 4 | MOST_SCALE;
	c->flags |= CONN_SCALE_OK;
}

/* said, where it is at most so much ahead of what is known. */
static __always_inline __u32 if_near(__u32 said, __u32 known, __u32 ahead)
{
	return said - known <= ahead ? said : known;
}

/* The first word of the other end. A guarded VM's (known) is taken as it is, and puts right what was said outside; another's must fit what the
 * VM said, and tells nothing of how far that has come. */
static __always_inline bool hear(struct merlon_conn *c, const struct packet *p, __u32 s, bool known)
{
	struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];
	bool outside = !c->side[(s & 1) ^ 1].vnic;
	__u32 offered = largest_window(p);

	if (!known && (p->seq - (own->end - peer->max_win) > 2 * peer->max_win || p->ack - (peer->end - offered) > 2 * offered))
		return false;
	set_ends_of(c, s, if_near(own->end, segment_end(p), !known ? peer->max_win : outside ? 0 : ACK_SLACK),
		    known ? if_near(peer->end, p->ack, offered) : peer->end);
	/* Whatever is said outside, the VM has offered no more. */
	if (known)
		peer->max_end = p->ack + offered;
	else
		own->max_end = c->max_ack[(s & 1) ^ 1] + peer->max_win;
	own->max_win = offered;
	if (known && outside)
		c->max_ack[(s & 1) ^ 1] = 0;
	return true;
}

/* What would end a connection, or the checks of its numbers, said outside elsewhere than where the VM expects it. */
static __always_inline bool misplaced(const struct merlon_conn *c, const struct packet *p, __u32 s)
{
	__u32 vm = (s & 1) ^ 1;

	return (p->tcp_flags & (TCP_RST | TCP_FIN) || p->fragment) && !(c->window[vm].max_win && p->seq == c->max_ack[vm]);
}

/* An adopted connection of which one side has been heard: loose until the other one speaks, but for what would end or replace it. Who
 * spoke outside (not known) may be anybody: until the VM answers, no word more of his changes anything. */
static __always_inline enum step step_adopted(struct merlon_conn *c, const struct packet *p, __u32 s, bool known, __u32 now)
{
	struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];
	bool heard = own->max_win;

	if (p->tcp_flags & TCP_SYN)
		return STEP_STATE;
	if (!known && misplaced(c, p, s))
		return STEP_WINDOW;
	if (p->tcp_flags & TCP_RST) {
		end_by_reset(c, now);
		return STEP_PASS;
	}
	if (!heard) {
		if (!hear(c, p, s, known))
			return STEP_WINDOW;
	} else if (peer->max_win) {
		/* A budget kept it from growing up when the second one spoke. */
		if (!in_window(c, s, p->seq, segment_end(p), p->ack))
			return STEP_WINDOW;
	} else if (!known) {
		return p->seq - (own->end - MOST_WINDOW) > MOST_WINDOW + ACK_SLACK ? STEP_WINDOW : STEP_PASS;
	} else {
		/* What was acknowledged in its name before it spoke itself counts no more. */
		c->max_ack[s & 1] = 0;
		/* What it had in its queue when its VM was not guarded yet. */
		if (after(p->ack, peer->end))
			peer->end = p->ack;
	}
	take(c, p, s, segment_end(p), known);
	settle(c, now);
	return peer->max_win ? STEP_PROMOTE : STEP_PASS;
}

/* known: the sender's own hook has passed it. */
static __always_inline enum step step_tcp(struct merlon_conn *c, const struct packet *p, __u32 s, bool first, bool known, __u32 now)
{
	if (c->state == CONN_ADOPTED)
		return step_adopted(c, p, s, known, now);
	if (p->tcp_flags & TCP_RST)
		return step_rst(c, p, s, first, known, now);
	if (is_syn(p))
		return step_syn(c, p, s, first, now);
	if (p->tcp_flags & TCP_SYN)
		return step_syn_ack(c, p, s, first, now);
	return step_ack(c, p, s, first, known, now);
}

#endif
