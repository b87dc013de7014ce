/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a guest may claim to be. Each check returns a reason, and its port's mode says whether that drops,
 * is only told, or is not asked. Only from_vm asks: what reaches to_vm was checked where it came from.
 */
#ifndef MERLON_ANTISPOOF_H
#define MERLON_ANTISPOOF_H

#include "handoff.h"

#define ND_ROUTER_SOLICITATION 133
#define ND_ROUTER_ADVERTISEMENT 134
#define ND_NEIGHBOUR_SOLICITATION 135
#define ND_NEIGHBOUR_ADVERTISEMENT 136
#define ND_REDIRECT 137
#define ICMP_REDIRECT 5
#define ND_OPTIONS 8
#define ND_OPTION_SOURCE 1
#define ND_OPTION_TARGET 2

#define ARP_REQUEST 1
#define ARP_REPLY 2

struct arp {
	__be16 hardware, protocol;
	__u8 hardware_size, protocol_size;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender[4];
	__u8 target_mac[6];
	__u8 target[4];
};

/* Goes on (0), or the verdict of drop(); in observe the claim is told and the packet goes on. */
static __always_inline bool enforced(struct work *w, __u32 mode, __u32 reason)
{
	if (mode == SPOOF_OBSERVE)
		record_deny(w, reason, 0, VERDICT_WOULD_DENY);
	return mode == SPOOF_ENFORCE;
}

static __always_inline bool unspecified(const __u8 *address)
{
	const __u32 *words = (const __u32 *)address;

	return !words[0] && !words[1] && !words[3] && (!words[2] || words[2] == bpf_htonl(0xffff));
}

/* fe80::/64 with the EUI-64 of the port's MAC: what every Linux guest speaks from unasked. */
static __always_inline bool own_link_local(struct work *w, const __u8 *a)
{
	const __u8 *m = w->port.mac;

	if (*(const __u64 *)a != bpf_cpu_to_be64(0xfe80000000000000ull))
		return false;
	return a[8] == (m[0] ^ 2) && a[9] == m[1] && a[10] == m[2] && a[11] == 0xff && a[12] == 0xfe &&
	       a[13] == m[3] && a[14] == m[4] && a[15] == m[5];
}

/* Every address that this vNIC may speak from. */
__noinline int own_address(struct work *w, const struct address *address)
{
	if (!w || !address)
		return 0;
	return own_link_local(w, address->bytes) || owns(w, address->bytes);
}

/* fe80::/64 with the EUI-64 of another guarded vNIC's MAC on this segment. */
static __always_inline bool others_link_local(struct work *w, const __u8 *a)
{
	struct merlon_mac_key key = {.segment = w->port.segment};
	struct merlon_mac_owner *owner;

	if (*(const __u64 *)a != bpf_cpu_to_be64(0xfe80000000000000ull) || a[11] != 0xff || a[12] != 0xfe)
		return false;
	key.mac[0] = a[8] ^ 2;
	key.mac[1] = a[9];
	key.mac[2] = a[10];
	key.mac[3] = a[13];
	key.mac[4] = a[14];
	key.mac[5] = a[15];
	owner = bpf_map_lookup_elem(&macs, &key);
	return owner && owner->vnic != w->port.vnic;
}

/* Another vNIC has it. Who asks for such an address before using it (RFC 4862 5.4, RFC 5227 2.1) makes its owner, that
 * may be asking just then, believe that it is taken. */
__noinline int others_address(struct work *w, const struct address *address)
{
	struct merlon_owner_key key = {};
	struct merlon_owner *owner;

	if (!w || !address)
		return 1;
	key.realm = w->port.realm;
	copy16(key.address, address->bytes);
	owner = bpf_map_lookup_elem(&owners, &key);
	return owner ? owner->vnic != w->port.vnic : others_link_local(w, address->bytes);
}

/* Packets that must be sent before an address is there: DHCP, IGMP, DAD, router solicitation, MLD. */
static __always_inline bool may_be_unspecified(const struct packet *p)
{
	if (p->family == FAMILY_4)
		return p->proto == PROTO_IGMP || (p->proto == PROTO_UDP && p->source_port == bpf_htons(68) &&
						  p->destination_port == bpf_htons(67));
	return p->proto == PROTO_ICMP6 &&
	       (p->icmp_type == ND_NEIGHBOUR_SOLICITATION || p->icmp_type == ND_ROUTER_SOLICITATION ||
		p->icmp_type == 131 || p->icmp_type == 132 || p->icmp_type == 143);
}

static __noinline int spoofed_source(struct work *w)
{
	struct packet *p = &w->packet;
	__u32 mode = p->family == FAMILY_4 ? w->port.spoof_ipv4 : w->port.spoof_ipv6;

	if (mode == SPOOF_OFF || (unspecified(p->source) && may_be_unspecified(p)))
		return 0;
	if (own_address(w, (struct address *)p->source))
		return 0;
	return enforced(w, mode, REASON_SPOOFED_ADDRESS) ? REASON_SPOOFED_ADDRESS : 0;
}

/* Drops what nobody asked yet where it comes from. Where the drop is only told, the packet is asked now. */
static __noinline int drop_unasked(struct work *w, __u32 reason)
{
	int spoofed = 0;

	if (!w->in && w->packet.family != FAMILY_NONE && observed(w, reason))
		spoofed = spoofed_source(w);
	return drop(w, spoofed ? spoofed : reason);
}

static __always_inline int spoofed_mac(struct work *w)
{
	if (w->port.spoof_mac == SPOOF_OFF || same6(w->packet.source_mac, w->port.mac))
		return 0;
	return enforced(w, w->port.spoof_mac, REASON_SPOOFED_MAC) ? REASON_SPOOFED_MAC : 0;
}

static __always_inline bool may_speak_for(struct work *w, const struct address *sender)
{
	if (unspecified(sender->bytes))
		return !others_address(w, (struct address *)w->packet.destination);
	return own_address(w, sender);
}

/* The claim is asked first: stacks believe other hardware types too, and an observed drop passes. */
static __noinline int spoofed_arp(struct __sk_buff *skb, struct work *w)
{
	struct address sender;
	struct arp h;

	if (bpf_skb_load_bytes(skb, w->packet.l3, &h, sizeof(h)))
		return REASON_TRUNCATED;
	map4(w->packet.source, *(__be32 *)h.sender);
	map4(w->packet.destination, *(__be32 *)h.target);
	w->packet.arp_reply = h.operation == bpf_htons(ARP_REPLY);
	copy16(sender.bytes, w->packet.source);
	/* A probe (RFC 5227) has sender 0: it asks for the target. */
	if (!w->in && w->port.spoof_arp != SPOOF_OFF &&
	    !(same6(h.sender_mac, w->port.mac) && may_speak_for(w, &sender)) &&
	    enforced(w, w->port.spoof_arp, REASON_SPOOFED_ARP))
		return REASON_SPOOFED_ARP;
	return h.hardware != bpf_htons(1) || h.protocol != bpf_htons(ETH_IP4) || h.hardware_size != 6 ||
	       h.protocol_size != 4 ? REASON_MALFORMED : 0;
}

static __always_inline bool names_mac(const __u8 *option, const __u8 *mac)
{
	__u32 i, differ = 0;

	for (i = 0; i < 6; i++)
		differ |= option[2 + i] ^ mac[i];
	return !differ;
}

/* Link-layer options must name the port's own MAC. at: first option. */
static __always_inline int nd_options(struct __sk_buff *skb, struct work *w, __u32 at, __u32 end, bool probe)
{
	__u8 option[8];
	__u32 i;

	for (i = 0; i < ND_OPTIONS; i++) {
		if (at >= end)
			return 0;
		if (at + sizeof(option) > end || bpf_skb_load_bytes(skb, at, option, sizeof(option)) || !option[1])
			return REASON_MALFORMED;
		if (option[0] == ND_OPTION_SOURCE || option[0] == ND_OPTION_TARGET) {
			/* RFC 4861: a source of :: must not bring one. */
			if (probe || option[1] != 1 || !names_mac(option, w->port.mac))
				return REASON_SPOOFED_ND;
		}
		at += option[1] * 8;
	}
	/* More options than any stack sends: one may hide behind them. */
	return REASON_SPOOFED_ND;
}

static __noinline int check_nd(struct __sk_buff *skb, struct work *w)
{
	struct packet *p = &w->packet;
	__u32 type = p->icmp_type, options = p->l4 + 8;
	bool probe = unspecified(p->source);
	struct address target;

	if (type == ND_NEIGHBOUR_SOLICITATION || type == ND_NEIGHBOUR_ADVERTISEMENT) {
		if (p->l4_length < 8 + sizeof(target) || bpf_skb_load_bytes(skb, p->l4 + 8, &target, sizeof(target)))
			return REASON_TRUNCATED;
		if (type == ND_NEIGHBOUR_ADVERTISEMENT && !own_address(w, &target))
			return REASON_SPOOFED_ND;
		if (type == ND_NEIGHBOUR_SOLICITATION && probe && others_address(w, &target))
			return REASON_SPOOFED_ND;
		options += 16;
	}
	if (!probe && !own_address(w, (struct address *)p->source))
		return REASON_SPOOFED_ND;
	return nd_options(skb, w, options, p->l4 + p->l4_length, probe);
}

/* What ND from a VM claims. In fragments, options may follow that nobody reads. */
static __noinline int nd_claims(struct __sk_buff *skb, struct work *w)
{
	struct packet *p = &w->packet;
	int reason;

	if (p->icmp_type == ND_ROUTER_ADVERTISEMENT || p->icmp_type == ND_REDIRECT)
		return enforced(w, w->port.spoof_ra, REASON_ROUTER_ADVERTISEMENT) ? REASON_ROUTER_ADVERTISEMENT : 0;
	if (w->port.spoof_nd == SPOOF_OFF)
		return 0;
	reason = p->fragment ? REASON_SPOOFED_ND : check_nd(skb, w);
	return !reason || enforced(w, w->port.spoof_nd, reason) ? reason : 0;
}

/* RFC 4861: hop limit 255, code 0, never fragmented (RFC 6980). */
static __noinline int spoofed_nd(struct __sk_buff *skb, struct work *w)
{
	struct packet *p = &w->packet;
	int reason = w->in ? 0 : nd_claims(skb, w);

	if (reason)
		return reason;
	return p->hop_limit != 255 || p->icmp_code || p->fragment ? REASON_MALFORMED : 0;
}

/* A guest that answers DHCP or redirects its neighbours owns their traffic. */
static __noinline int spoofed_service(struct work *w)
{
	struct packet *p = &w->packet;

	if (p->proto == PROTO_UDP && ((p->family == FAMILY_4 && p->source_port == bpf_htons(67)) ||
				      (p->family == FAMILY_6 && p->source_port == bpf_htons(547))))
		return enforced(w, w->port.spoof_dhcp, REASON_DHCP_SERVER) ? REASON_DHCP_SERVER : 0;
	if (p->proto == PROTO_ICMP && p->icmp_type == ICMP_REDIRECT)
		return enforced(w, w->port.spoof_ra, REASON_ROUTER_ADVERTISEMENT) ? REASON_ROUTER_ADVERTISEMENT : 0;
	return 0;
}

#endif
