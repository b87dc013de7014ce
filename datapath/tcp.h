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
#define MOST_WINDOW (65535u << 14)
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

static __always_inline bool in_window(const struct merlon_window *own, const struct merlon_window *peer,
				      __u32 seq, __u32 end, __u32 ack)
{
	__u32 late;

	if (after(seq, own->max_end))
		return false;
	if (peer->max_win && !after(end, own->end - peer->max_win - 1))
		return false;
	/* Overtaken by one of a whole window more, after which another window was sent. */
	late = max_of(own->max_win, ACK_SLACK);
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
	if (c->state == CONN_NEW || c->state == CONN_REPLIED) {
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
static __always_inline enum step step_rst(struct merlon_conn *c, const struct packet *p, __u32 s, bool first, __u32 now)
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
		if (!in_window(own, peer, p->seq, segment_end(p), ack))
			return c->flags & CONN_LIBERAL ? STEP_PASS : STEP_WINDOW;
		exact = p->seq == own->end || p->seq == c->max_ack[(s & 1) ^ 1];
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
	if (!in_window(own, peer, p->seq, segment_end(p), p->ack))
		return STEP_ABSENT;
	if (c->state != CONN_REPLIED)
		return STEP_PASS;
	advance(c, p, s, segment_end(p), p->ack);
	return STEP_PROMOTE;
}

static __always_inline enum step step_ack(struct merlon_conn *c, const struct packet *p, __u32 s, bool first, __u32 now)
{
	struct merlon_window *own = &c->window[s & 1], *peer = &c->window[(s & 1) ^ 1];
	__u32 end = segment_end(p);
	bool opened;

	if (c->state == CONN_NEW)
		/* A peer that remembers an older connection challenges the SYN (RFC 5961 4.2). */
		return first || p->tcp_flags & TCP_FIN ? STEP_STATE : STEP_PASS;
	if (!in_window(own, peer, p->seq, end, p->ack)) {
		if (!(c->flags & CONN_LIBERAL))
			return STEP_WINDOW;
	}
	advance(c, p, s, end, p->ack);
	if (p->fragment)
		c->flags |= CONN_LIBERAL;
	if (p->tcp_flags & TCP_FIN)
		c->flags |= s ? CONN_FIN_B : CONN_FIN_A;
	opened = c->state == CONN_REPLIED;
	settle(c, now);
	return opened && first ? STEP_PROMOTE : STEP_PASS;
}

static __always_inline enum step step_tcp(struct merlon_conn *c, const struct packet *p, __u32 s, bool first, __u32 now)
{
	if (p->tcp_flags & TCP_RST)
		return step_rst(c, p, s, first, now);
	if (is_syn(p))
		return step_syn(c, p, s, first, now);
	if (p->tcp_flags & TCP_SYN)
		return step_syn_ack(c, p, s, first, now);
	return step_ack(c, p, s, first, now);
}

#endif
