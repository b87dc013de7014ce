/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rules nobody writes: what a guest needs before any policy can mean anything. Counted, never tracked. */
#ifndef MERLON_BUILTIN_H
#define MERLON_BUILTIN_H

#include "antispoof.h"

#define MLD_QUERY 130
#define MLD_REPORT 131
#define MLD_DONE 132
#define MLD2_REPORT 143
#define IGMP_QUERY 0x11
#define IGMP_REPORT 0x12
#define IGMP2_REPORT 0x16
#define IGMP2_LEAVE 0x17
#define IGMP3_REPORT 0x22

static __always_inline bool is_nd(const struct packet *p)
{
	return p->proto == PROTO_ICMP6 && p->icmp_type >= ND_ROUTER_SOLICITATION && p->icmp_type <= ND_REDIRECT;
}

static __always_inline bool to_group(const struct packet *p)
{
	return p->family == FAMILY_6 ? p->destination[0] == 0xff : (p->destination[12] & 0xf0) == 0xe0;
}

/* Reports go out; queries come in only: a guest that queries would steer the bridge's multicast. To one VM
 * nobody reports: that would be a way to it that no rule opened. */
static __always_inline bool is_group_report(const struct work *w)
{
	const struct packet *p = &w->packet;
	__u32 t = p->icmp_type;

	if (!to_group(p))
		return false;
	if (p->proto == PROTO_IGMP)
		return t == IGMP_REPORT || t == IGMP2_REPORT || t == IGMP2_LEAVE || t == IGMP3_REPORT ||
		       (w->in && t == IGMP_QUERY);
	if (p->proto != PROTO_ICMP6)
		return false;
	return p->icmp_type == MLD_REPORT || p->icmp_type == MLD_DONE || p->icmp_type == MLD2_REPORT ||
	       (w->in && p->icmp_type == MLD_QUERY);
}

/* The client's half: requests leave, answers arrive. Serving DHCP is a matter of rules. */
static __always_inline bool is_dhcp_client(const struct work *w)
{
	const struct packet *p = &w->packet;
	__be16 client = p->family == FAMILY_4 ? bpf_htons(68) : bpf_htons(546);
	__be16 server = p->family == FAMILY_4 ? bpf_htons(67) : bpf_htons(547);

	if (p->proto != PROTO_UDP)
		return false;
	if (w->in)
		return p->source_port == server && p->destination_port == client;
	return p->source_port == client && p->destination_port == server;
}

/* The builtin that passes this IP packet, as its rule id; 0 = none. */
static __always_inline __u32 builtin(const struct work *w)
{
	if (w->packet.fragment)
		return 0;
	if (is_nd(&w->packet))
		return RULE_ID_BUILTIN_ND;
	if (is_group_report(w))
		return RULE_ID_BUILTIN_GROUP;
	return is_dhcp_client(w) ? RULE_ID_BUILTIN_DHCP : 0;
}

/* By MAC or by address: a directed broadcast is known by its MAC alone. */
static __always_inline bool to_many(const struct packet *p)
{
	if (p->destination_mac[0] & 1 || to_group(p))
		return true;
	return p->family == FAMILY_4 && *(const __u32 *)(p->destination + 12) == 0xffffffff;
}

#endif
