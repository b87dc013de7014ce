/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the program says: counters, events, denies. Nothing is logged per packet: the first denied packet
 * of a key makes an event, more of the same are counted in `denies` and told by the timer. Whatever
 * cannot be told is counted as lost.
 */
#ifndef MERLON_FLOWLOG_H
#define MERLON_FLOWLOG_H

#include "offload.h"

#define SUMMARY_IDLE_NS 10000000000ull

#define DENY_COUNTING 0
#define DENY_IDLE 1
#define DENY_DELETING 2

static __always_inline void add(void *map, __u32 index, __u64 n)
{
	__u64 *counter = bpf_map_lookup_elem(map, &index);

	/* Per CPU, and the program is not interrupted by another run of itself. */
	if (counter)
		*counter += n;
}

static __always_inline void count(__u32 counter)
{
	add(&counters, counter, 1);
}

static __always_inline void hit(__u32 rule, bool would)
{
	struct merlon_rule_hits *hits = rule ? bpf_map_lookup_elem(&rule_hits, &rule) : NULL;

	if (hits)
		__sync_fetch_and_add(would ? &hits->would : &hits->decided, 1);
}

/* 0 = it is in the ring. The caller sees to an event that is not. */
__noinline int offer(struct merlon_event *event)
{
	__u32 cpu = bpf_get_smp_processor_id();
	void *ring = bpf_map_lookup_elem(&rings, &cpu);

	if (!event || !ring || bpf_ringbuf_output(ring, event, sizeof(*event), 0))
		return 1;
	count(COUNTER_EVENTS_SENT);
	return 0;
}

static __always_inline int emit(struct merlon_event *event)
{
	int lost = offer(event);

	if (lost)
		count(COUNTER_EVENTS_LOST);
	return lost;
}

/* Remembers what becomes of the packet, for a capture. */
static __always_inline void tell(struct work *w, __u32 verdict, __u32 reason, __u32 rule)
{
	w->told_verdict = verdict;
	w->told_reason = reason;
	w->told_rule = rule;
}

static __always_inline bool spoof_reason(__u32 reason)
{
	return reason >= REASON_SPOOFED_MAC && reason <= REASON_ROUTER_ADVERTISEMENT;
}

/* A deny record as an event that stands for `packets`. */
static __always_inline void deny_event(struct merlon_event *e, const struct merlon_deny_key *key,
				       const struct merlon_deny *deny, __u64 packets, __u64 bytes)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->type = deny->verdict == VERDICT_WOULD_DENY && spoof_reason(key->reason) ? EVENT_SPOOF : EVENT_DENY;
	e->time_ns = deny->last_ns;
	e->created_ns = deny->first_ns;
	e->packets[0] = packets;
	e->bytes[0] = bytes;
	copy16(e->source, key->source);
	copy16(e->destination, key->destination);
	e->source_port = deny->source_port;
	e->destination_port = key->destination_port;
	e->proto = key->proto;
	e->reason = key->reason;
	e->verdict = deny->verdict;
	e->segment = deny->segment;
	e->flags = deny->flags;
	if (deny->flags & EVENT_F_IN) {
		e->source_vnic = deny->peer_vnic;
		e->destination_vnic = key->vnic;
		e->in_rule = key->rule;
	} else {
		e->source_vnic = key->vnic;
		e->destination_vnic = deny->peer_vnic;
		e->out_rule = key->rule;
	}
}

/* ICMP has no ports: the id and the type stand in the events' port fields (abi.h). */
static __always_inline __u16 event_source_port(const struct packet *p)
{
	return bpf_ntohs(p->source_port);
}

static __always_inline __u16 event_destination_port(const struct packet *p)
{
	if (p->proto == PROTO_ICMP || p->proto == PROTO_ICMP6)
		return p->icmp_type << 8 | p->icmp_code;
	return bpf_ntohs(p->destination_port);
}

static __always_inline void deny_fill(struct work *w, __u32 reason, __u32 rule, __u32 verdict)
{
	struct merlon_deny_key *key = &w->deny_key;
	struct merlon_deny *deny = &w->deny;

	__builtin_memset(key, 0, sizeof(*key));
	__builtin_memset(deny, 0, sizeof(*deny));
	copy16(key->source, w->packet.source);
	copy16(key->destination, w->packet.destination);
	key->vnic = w->port.vnic;
	key->destination_port = event_destination_port(&w->packet);
	key->proto = w->packet.proto;
	key->reason = reason;
	key->rule = rule;
	deny->first_ns = w->now_ns;
	deny->last_ns = w->now_ns;
	deny->peer_vnic = w->in ? w->handoff.vnic : w->peer_vnic;
	deny->segment = w->port.segment;
	deny->source_port = event_source_port(&w->packet);
	deny->verdict = verdict;
	deny->flags = w->in ? EVENT_F_IN : 0;
	if (verdict == VERDICT_WOULD_DENY)
		deny->flags |= EVENT_F_WOULD_DENY;
}

/* Counts into a record that is there. False when the timer is just deleting it. */
static __always_inline bool deny_count(struct merlon_deny *deny, struct work *w)
{
	if (deny->life && __sync_val_compare_and_swap(&deny->life, DENY_IDLE, DENY_COUNTING) == DENY_DELETING)
		return false;
	deny->last_ns = w->now_ns;
	__sync_fetch_and_add(&deny->bytes, w->packet.length);
	if (!__sync_fetch_and_add(&deny->packets, 1))
		deny->first_ns = w->now_ns;
	return true;
}

/* The one place where a denied packet (or one that would be) is put on record. */
static __noinline int record_deny(struct work *w, __u32 reason, __u32 rule, __u32 verdict)
{
	struct merlon_deny *deny;
	long error;

	deny_fill(w, reason, rule, verdict);
	deny = bpf_map_lookup_elem(&denies, &w->deny_key);
	if (!deny) {
		error = bpf_map_update_elem(&denies, &w->deny_key, &w->deny, BPF_NOEXIST);
		if (!error && (error = bpf_map_push_elem(&turns_denies, &w->deny_key, 0)))
			bpf_map_delete_elem(&denies, &w->deny_key);
		if (error == -17 /* EEXIST: another CPU was first */)
			deny = bpf_map_lookup_elem(&denies, &w->deny_key);
		else if (error) {
			count(COUNTER_DENIES_LOST);
			return 0;
		}
	}
	if (deny && deny_count(deny, w))
		return 0;
	deny_event(&w->event, &w->deny_key, &w->deny, 1, w->packet.length);
	return emit(&w->event);
}

/* Drops that tell nobody anything: no port record to name, or a frame that was never for this VM. */
static __always_inline bool silent(__u32 reason)
{
	return reason == REASON_NO_PORT || reason == REASON_OTHER_MAC;
}

/* An observed vNIC is judged and counted, never cut; only what keeps the host itself safe still drops. */
static __always_inline bool observed(struct work *w, __u32 reason)
{
	return w->nic_flags & NIC_OBSERVE && !spoof_reason(reason) && reason != REASON_IMAGE_FAULT &&
	       reason != REASON_CHECKSUM_OFFLOAD && reason != REASON_SEGMENT_OFFLOAD;
}

/* Every drop of the program. */
static __noinline int drop_by_rule(struct work *w, __u32 reason, __u32 rule, __u32 verdict)
{
	if (observed(w, reason)) {
		record_deny(w, reason, rule, VERDICT_WOULD_DENY);
		tell(w, VERDICT_WOULD_DENY, reason, rule);
		return PASS;
	}
	add(&reasons, reason & 255, 1);
	if (!silent(reason))
		record_deny(w, reason, rule, verdict);
	tell(w, verdict, reason, rule);
	return SHOT;
}

static __always_inline int drop(struct work *w, __u32 reason)
{
	return drop_by_rule(w, reason, 0, VERDICT_DENY);
}

#endif
