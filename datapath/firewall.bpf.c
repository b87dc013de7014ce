// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Entry points. from_vm: tcx ingress of the tap; to_vm: egress. The packet's way: docs/packet-path.md. */
#include "bring.h"
#include "cut.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What the run starts from. Everything else in w is written before it is read. */
static __always_inline void begin(struct work *w, struct __sk_buff *skb, __u32 in)
{
	w->in = in;
	w->ifindex = skb->ifindex;
	w->now_ns = bpf_ktime_get_boot_ns();
	w->now_ms = w->now_ns / 1000000;
	w->topology = topology();
	w->generation = 0;
	w->nic_flags = 0;
	w->epoch = 0;
	w->peer_ifindex = 0;
	w->peer_vnic = 0;
	w->known = 0;
	w->rejected = 0;
	w->adopted = 0;
	tell(w, VERDICT_ALLOW, REASON_NONE, 0);
	__builtin_memset(&w->port, 0, sizeof(w->port));
	__builtin_memset(&w->handoff, 0, sizeof(w->handoff));
}

/* Layer 2. 0 = goes on. */
static __always_inline int check_macs(struct work *w)
{
	if (!w->in)
		return spoofed_mac(w);
	/* A bridge that floods shows a guest its neighbours' frames. */
	if (!(w->packet.destination_mac[0] & 1) && w->port.spoof_mac == SPOOF_ENFORCE &&
	    !own_mac(w, mac_word(w->packet.destination_mac)))
		return REASON_OTHER_MAC;
	return 0;
}

/* Without a branch: of eight ranges the verifiers would try every way through. */
static __always_inline bool listed_vlan(const struct merlon_port *port, __u32 vlan)
{
	__u32 i, outside = 1;

	for (i = 0; i < MERLON_PORT_VLANS; i++)
		outside &= ((vlan - port->vlans[i].low) | (port->vlans[i].high - vlan)) >> 31;
	return !outside && vlan;
}

/* A tag on a VLAN of the port's, or a priority tag, which says no more than none. Each of two must be one of them: a
 * switch may take the outer one off. */
static __always_inline bool may_tag(const struct work *w)
{
	const struct packet *p = &w->packet;

	if (!p->vlan)
		return p->tags <= 1;
	return listed_vlan(&w->port, p->vlan & 0xfff) && (p->tags == 1 || listed_vlan(&w->port, p->vlan >> 16 & 0xfff));
}

/* What stands before the EtherType. Where it is only told, what is inside the tag is asked like anything else. */
static __noinline int refuse_tag(struct work *w)
{
	return !w || (!may_tag(w) && drop(w, REASON_VLAN_TAG) == SHOT);
}

__noinline int may_type(struct work *w)
{
	__u32 i, found = 0;

	if (!w)
		return 0;
	for (i = 0; i < MERLON_PORT_ETHER_TYPES; i++)
		found |= ((__u32)(w->port.ether_types[i] ^ w->packet.ethertype) - 1) >> 31;
	return found && w->packet.ethertype;
}

static __noinline int pass_arp(struct __sk_buff *skb, struct work *w)
{
	int reason = spoofed_arp(skb, w);

	if (!w->in && w->port.flags & PORT_LEARN_ARP)
		learn_arp(skb, w);
	if (!reason && !w->in)
		reason = spend(w, w->port.vm, w->packet.arp_reply ? RATE_NEIGHBOUR_ANSWERS : RATE_NEIGHBOURS);
	if (reason)
		return drop(w, reason);
	hit(RULE_ID_BUILTIN_ARP, false);
	tell(w, VERDICT_ALLOW, REASON_BUILTIN, RULE_ID_BUILTIN_ARP);
	return PASS;
}

/* What needs no look at the tables. 0 = goes on. */
static __noinline int check_ip(struct __sk_buff *skb, struct work *w)
{
	struct packet *p = &w->packet;
	int reason;

	if (same16(p->source, p->destination))
		return REASON_SAME_ADDRESSES;
	if (p->fragment == FRAGMENT_LATER)
		return 0;
	if (p->proto == PROTO_TCP && !tcp_flags_valid(p->tcp_flags))
		return REASON_TCP_INVALID_FLAGS;
	/* Before its source is asked: where that is only observed, a renewal from an address not learned yet is answered too. */
	if (w->port.flags & PORT_LEARN_DHCP && builtin(w) == RULE_ID_BUILTIN_DHCP)
		learn_dhcp(skb, w);
	if (w->in)
		return is_nd(p) ? spoofed_nd(skb, w) : 0;
	if (is_nd(p) && w->port.flags & PORT_LEARN_ARP)
		learn_nd(skb, w);
	reason = is_nd(p) ? spoofed_nd(skb, w) : spoofed_service(w);
	if (!reason && builtin(w))
		reason = spoofed_source(w);
	return reason;
}

static __always_inline int judge_ip(struct __sk_buff *skb, struct work *w)
{
	struct packet *p = &w->packet;
	bool icmp = p->proto == PROTO_ICMP || p->proto == PROTO_ICMP6;
	bool foreign = w->in && !(p->destination_mac[0] & 1) && !own_mac(w, mac_word(p->destination_mac));

	if (p->proto == PROTO_TCP && w->nic_flags & NIC_UNTRACKED) {
		int role = untracked_role(w);

		if (role && (turned(w, role) || !is_tracked(w)))
			return judge_alone(w, role);
	}
	/* An error is about one connection: no group, and no group's MAC, makes it anything else. */
	if (icmp && is_error(p) && !foreign)
		return pass_related(skb, w);
	if (to_many(p) || foreign)
		return judge_alone(w, 0);
	if (icmp && !is_echo(p))
		return judge_alone(w, 0);
	return track(w);
}

/* What a VM may send in a second, connections apart. */
__noinline int over_rate(struct work *w)
{
	const struct packet *p;

	if (!w || w->in)
		return 0;
	p = &w->packet;
	if (is_nd(p))
		return spend(w, w->port.vm, p->icmp_type == ND_NEIGHBOUR_ADVERTISEMENT ? RATE_NEIGHBOUR_ANSWERS : RATE_NEIGHBOURS);
	if (p->proto != PROTO_ICMP && p->proto != PROTO_ICMP6)
		return 0;
	return spend(w, w->port.vm, is_error(p) || is_echo_reply(p) ? RATE_ICMP_ANSWERS : RATE_ICMP);
}

static __always_inline int pass_ip(struct __sk_buff *skb, struct work *w)
{
	int reason = check_ip(skb, w), verdict;
	__u32 rule;

	if (!reason)
		reason = over_rate(w);
	if (reason)
		return drop_unasked(w, reason);
	rule = w->packet.fragment ? 0 : builtin(w);
	if (rule) {
		hit(rule, false);
		tell(w, VERDICT_ALLOW, REASON_BUILTIN, rule);
		return PASS;
	}
	/* What is tagged here need not be so there: each hook judges for itself. */
	if (!w->in && !to_many(&w->packet) && !w->packet.vlan)
		find_peer(w);
	if (w->packet.fragment == FRAGMENT_LATER)
		return follow_first(w);
	verdict = judge_ip(skb, w);
	if (verdict == PASS && w->packet.fragment)
		remember_first(w);
	return verdict;
}

static __always_inline int hook(struct __sk_buff *skb, struct work *w, __u32 in)
{
	struct merlon_port *port;
	int reason, spoofed;

	begin(w, skb, in);
	if (!in)
		handoff_clear();
	reason = parse_frame(skb, &w->packet);
	port = bpf_map_lookup_elem(&ports, &w->ifindex);
	if (!port)
		return drop(w, REASON_NO_PORT);
	w->port = *port;
	if (w->port.flags & PORT_CLOSED)
		return drop(w, REASON_GATE_CLOSED);
	if (in)
		handoff_take(w);
	if (!bind_image(w, w->handoff.generation))
		return w->port.flags & PORT_FAIL_OPEN ? PASS : drop(w, REASON_NO_IMAGE);
	/* Classes and epochs are of the generation that the record names. */
	if (w->handoff.generation && w->handoff.generation != w->generation)
		__builtin_memset(&w->handoff, 0, sizeof(w->handoff));
	if (rewritten(skb, &w->packet))
		return drop(w, REASON_CHECKSUM_OFFLOAD);
	if (recut(skb, &w->packet))
		return drop(w, REASON_SEGMENT_OFFLOAD);
	spoofed = check_macs(w);
	if (spoofed)
		return drop(w, spoofed);
	if (reason != REASON_VLAN_TAG && refuse_tag(w))
		return SHOT;
	if (reason == REASON_ETHERTYPE && may_type(w)) {
		hit(RULE_ID_BUILTIN_ETHER_TYPE, false);
		tell(w, VERDICT_ALLOW, REASON_BUILTIN, RULE_ID_BUILTIN_ETHER_TYPE);
		return PASS;
	}
	if (reason)
		return drop_unasked(w, reason);
	if (may_be_answer(&w->packet) && own_answer(skb, w))
		return PASS;
	return w->packet.family == FAMILY_NONE ? pass_arp(skb, w) : pass_ip(skb, w);
}

static __always_inline int run(struct __sk_buff *skb, __u32 in)
{
	struct work *w = bpf_map_lookup_elem(&scratch, &in);
	int verdict;

	if (!w)
		return SHOT;
	verdict = hook(skb, w, in);
	if (w->port.flags & PORT_CAPTURED)
		capture(skb, w);
	trace(skb, w);
	if (!in && verdict == PASS && !traced(skb)) {
		arrived(w);
		bridged(w);
	}
	return verdict == SHOT && w->rejected ? answer(skb, w) : verdict;
}

SEC("tc")
int from_vm(struct __sk_buff *skb)
{
	int to = one_look(skb);

	return to > 0 ? bpf_redirect(to, 0) : to == BY_BRIDGE ? PASS : run(skb, WORK_FROM_VM);
}

SEC("tc")
int to_vm(struct __sk_buff *skb)
{
	return looked_at(skb) ? PASS : run(skb, WORK_TO_VM);
}

/* Run by BPF_PROG_TEST_RUN: the vNIC whose number is in skb->mark is no longer here. Returns how many entries it had. */
SEC("tc")
int remove_vnic(struct __sk_buff *skb)
{
	struct leaver l = {.vnic = skb->mark, .now_ms = bpf_ktime_get_boot_ns() / 1000000};

	if (l.vnic) {
		leave_half(&l);
		leave_conn(&l);
	}
	return l.entries;
}

/* Run by BPF_PROG_TEST_RUN: behind an Ethernet header a merlon_key6 (IPv4 mapped) and a merlon_conn, with durations for instants and the VM's side
 * alone filled, and told by LEFT_BROUGHT. Returns what has become of it (bring.h). */
SEC("tc")
int bring_connection(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct work *w = bpf_map_lookup_elem(&bringing, &zero);

	return w ? take_in(skb, w) : REASON_TRUNCATED;
}

/* Run once by BPF_PROG_TEST_RUN after loading. A timer that already runs gets this program's tick. */
SEC("tc")
int start_timer(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct clockwork *clock = bpf_map_lookup_elem(&timer, &zero);
	long error;

	if (!clock)
		return 1;
	error = bpf_timer_init(&clock->timer, &timer, CLOCK_MONOTONIC_);
	if (error && error != -EBUSY_)
		return 2;
	if (bpf_timer_set_callback(&clock->timer, tick) || bpf_timer_start(&clock->timer, REST_NS, 0))
		return 3;
	return 0;
}
