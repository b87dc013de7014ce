/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map of the program. The agent sets max_entries of conn*, half* and rings before loading; what
 * stands here is what tests and a small host get.
 */
#ifndef MERLON_MAPS_H
#define MERLON_MAPS_H

#include "work.h"

#define TURNS_MORE 1024

/* Few ports, changed rarely, read for every packet. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MERLON_MAX_SLOTS);
	__type(key, __u32);
	__type(value, struct merlon_port);
} ports SEC(".maps");

/* Twice the slots: a vNIC that moves has its new record before the old one is gone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * MERLON_MAX_SLOTS);
	__type(key, struct merlon_mac_key);
	__type(value, struct merlon_mac_owner);
} macs SEC(".maps");

/* One record per address claim; a vNIC has a handful. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct merlon_owner_key);
	__type(value, struct merlon_owner);
} owners SEC(".maps");

/* Few vNICs have one; asked only when what is claimed is not the vNIC's own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MERLON_MAX_SLOTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct merlon_licence);
} licences SEC(".maps");

/* Read for every packet of the short cut, so an array; two ports of one slot: the later one has no short cut. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MERLON_WAYS);
	__type(key, __u32);
	__type(value, struct merlon_way);
} ways SEC(".maps");

/* One word flips a whole generation; mapped, so that the agent's flip is one aligned store. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct merlon_control);
} control SEC(".maps");

/* Two generations; INNER_MAP lets each have just its size, MMAPABLE lets the agent copy it in at once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 1);
		__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
		__type(key, __u32);
		__type(value, __u64);
	});
} images SEC(".maps");

/* Plain HASH, never LRU: a live connection is never pushed out. Preallocated: no allocation per packet. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct merlon_key4);
	__type(value, struct merlon_conn);
} conn4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct merlon_key6);
	__type(value, struct merlon_conn);
} conn6 SEC(".maps");

/* Half-open ones apart, so that a flood of them fills only this. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct merlon_key4);
	__type(value, struct merlon_conn);
} half4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct merlon_key6);
	__type(value, struct merlon_conn);
} half6 SEC(".maps");

/* The keys of each table in the order in which the timer looks at them; each key once, so a few more than the table has. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 65536 + TURNS_MORE);
	__type(value, struct merlon_key4);
} turns_conn4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 65536 + TURNS_MORE);
	__type(value, struct merlon_key6);
} turns_conn6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16384 + TURNS_MORE);
	__type(value, struct merlon_key4);
} turns_half4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16384 + TURNS_MORE);
	__type(value, struct merlon_key6);
} turns_half6 SEC(".maps");

/* Indexed by the VM number of the port record. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MERLON_MAX_VMS);
	__type(key, __u32);
	__type(value, struct merlon_budget);
} budgets SEC(".maps");

/* What VMs hold above their shares. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POOL_COUNT);
	__type(key, __u32);
	__type(value, struct merlon_pool);
} pools SEC(".maps");

/* Few vNICs, and each for a minute or so of its life: asked only of TCP that no entry answers for, and of what ends. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MERLON_MAX_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} adoptions SEC(".maps");

/* Which ends (bits of a and b) are not to have opened it. LRU: who has it forget one gains a connection that the policy would let him open. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct barred_key);
	__type(value, __u32);
} barred SEC(".maps");

/* LRU: fragments are short-lived and owed nothing; a flood of them costs other fragments only. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct fragment_key);
	__type(value, struct fragment);
} fragments SEC(".maps");

/* Both hooks of one packet run on one CPU, one after the other. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct handoff_slot);
} handoff SEC(".maps");

/* LRU: an answer that is not home after a moment is owed nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct answer_key);
	__type(value, struct expected_answer);
} answers SEC(".maps");

/* Two of each VM number: out, in. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * MERLON_MAX_VMS);
	__type(key, __u32);
	__type(value, struct answer_account);
} answer_accounts SEC(".maps");

/* One ring per CPU: no shared lock, no shared line. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MERLON_MAX_CPUS);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_RINGBUF);
		__uint(max_entries, 4096);
	});
} rings SEC(".maps");

/* One for all CPUs: only a port that is captured pays for it, and its frames stay in order. 1 MiB is about 1,900 frames. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} captures SEC(".maps");

/* Addresses to be learned. One for all CPUs: each vNIC tells a few a second; 256 KiB are about 870. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} claims SEC(".maps");

/* By the slot of the port record. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MERLON_MAX_SLOTS);
	__type(key, __u32);
	__type(value, struct learner);
} learners SEC(".maps");

/* Full means counted, not logged: a flood of keys ends here. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct merlon_deny_key);
	__type(value, struct merlon_deny);
} denies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16384 + TURNS_MORE);
	__type(value, struct merlon_deny_key);
} turns_denies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* The reason is one byte of the event. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} reasons SEC(".maps");

/* Room for every rule id there can be, so that no hit is lost: 16 MiB. Shared by the CPUs, since it is written
 * once per judgement and not per packet; one for each CPU would cost 16 MiB times the CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MERLON_MAX_RULE_IDS);
	__type(key, __u32);
	__type(value, struct merlon_rule_hits);
} rule_hits SEC(".maps");

/* Holds the timer that expires entries; pinned, so that it runs with the agent dead. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clockwork);
} timer SEC(".maps");

/* Working memory: 512 bytes of stack do not hold a packet's facts and an event. One per WORK_*. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WORK_COUNT);
	__type(key, __u32);
	__type(value, struct work);
} scratch SEC(".maps");

/* The same for bring_connection. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct work);
} bringing SEC(".maps");

#endif
