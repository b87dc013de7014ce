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

/* An address that nobody can have for its own, whatever prefix it is in. */
static __always_inline bool nobodys(const __u8 *a)
{
	const __u32 *words = (const __u32 *)a;

	if (!words[0] && !words[1] && words[2] == bpf_htonl(0xffff))
		return a[12] == 0 || a[12] == 127 || a[12] >= 224;
	return a[0] == 0xff || (!words[0] && !words[1] && !words[2]);
}

#define ANY_PREFIX 0ull
#define HOSTS_ONLY (~0ull)

/* Its Guard lets the vNIC claim it beside its own; hosts: listed by itself, not with a network. Without a branch, as listed_vlan(). */
__noinline int licensed(struct work *w, const struct address *address, __u64 hosts)
{
	struct merlon_licence *l = w && address ? licence_of(w->port.vnic) : NULL;
	const __u64 *a = (const __u64 *)address;
	__u64 differs, outside = 1;
	__u32 i;

	if (!l || nobodys(address->bytes))
		return 0;
	for (i = 0; i < MERLON_LICENCE_MOST; i++) {
		const struct merlon_prefix *p = &l->addresses[i];

		differs = ((a[0] ^ p->network[0]) & p->mask[0]) | ((a[1] ^ p->network[1]) & p->mask[1]) | (~p->mask[1] & hosts);
		outside &= ((differs | -differs) >> 63) | ((l->address_count - 1 - i) >> 31);
	}
	return !outside;
}

/* Its own (mac as mac_word() has it), or one that its Guard lists and no other vNIC of the segment has: a virtual router's (RFC 5798 7.3), a
 * nested guest's. */
__noinline int own_mac(struct work *w, __u64 mac)
{
	struct merlon_mac_owner *owner;
	struct merlon_licence *l;
	struct merlon_mac_key key;

	if (!w)
		return 0;
	if (mac == mac_word(w->port.mac))
		return 1;
	l = licence_of(w->port.vnic);
	if (!l || !lists_mac(l, mac))
		return 0;
	__builtin_memcpy(key.mac, &mac, 6);
	key.segment = w->port.segment;
	owner = bpf_map_lookup_elem(&macs, &key);
	return !owner || owner->vnic == w->port.vnic;
}

/* fe80::/64 with the EUI-64 of a MAC (RFC 4291 A): what every Linux guest speaks from unasked. */
static __always_inline bool link_local_of(const __u8 *a, __u8 *mac)
{
	mac[0] = a[8] ^ 2;
	mac[1] = a[9];
	mac[2] = a[10];
	mac[3] = a[13];
	mac[4] = a[14];
	mac[5] = a[15];
	return *(const __u64 *)a == bpf_cpu_to_be64(0xfe80000000000000ull) && a[11] == 0xff && a[12] == 0xfe;
}

/* Every address that this vNIC may speak from without a licence for it. */
__noinline int own_address(struct work *w, const struct address *address)
{
	__u8 mac[6];

	if (!w || !address)
		return 0;
	return (link_local_of(address->bytes, mac) && own_mac(w, mac_word(mac))) || owns(w, address->bytes);
}

/* The link-local address of another guarded vNIC of this segment. */
static __always_inline bool others_link_local(struct work *w, const __u8 *a)
{
	struct merlon_mac_key key = {.segment = w->port.segment};
	struct merlon_mac_owner *owner;

	if (!link_local_of(a, key.mac))
		return false;
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
	if (own_address(w, (struct address *)p->source) || licensed(w, (struct address *)p->source, ANY_PREFIX))
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
	if (w->port.spoof_mac == SPOOF_OFF || own_mac(w, mac_word(w->packet.source_mac)))
		return 0;
	return enforced(w, w->port.spoof_mac, REASON_SPOOFED_MAC) ? REASON_SPOOFED_MAC : 0;
}

/* In ARP and ND: whoever is believed there has the address on this segment. No network is licensed so, nor what another guarded vNIC has. */
__noinline int may_speak_for(struct work *w, const struct address *address)
{
	return own_address(w, address) || (licensed(w, address, HOSTS_ONLY) && !others_address(w, address));
}

static __always_inline bool may_claim_by_arp(struct work *w, const struct address *sender)
{
	if (unspecified(sender->bytes))
		return !others_address(w, (struct address *)w->packet.destination);
	return may_speak_for(w, sender);
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
	    !(own_mac(w, mac_word(h.sender_mac)) && may_claim_by_arp(w, &sender)) &&
	    enforced(w, w->port.spoof_arp, REASON_SPOOFED_ARP))
		return REASON_SPOOFED_ARP;
	return h.hardware != bpf_htons(1) || h.protocol != bpf_htons(ETH_IP4) || h.hardware_size != 6 ||
	       h.protocol_size != 4 ? REASON_MALFORMED : 0;
}

/* Link-layer options must name a MAC of the vNIC's. at: first option. */
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
			if (probe || option[1] != 1 || !own_mac(w, mac_word(option + 2)))
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
		if (type == ND_NEIGHBOUR_ADVERTISEMENT && !may_speak_for(w, &target))
			return REASON_SPOOFED_ND;
		if (type == ND_NEIGHBOUR_SOLICITATION && probe && others_address(w, &target))
			return REASON_SPOOFED_ND;
		options += 16;
	}
	if (!probe && !may_speak_for(w, (struct address *)p->source))
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
