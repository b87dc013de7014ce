/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel program and the agent share, and nothing else. Every struct here has a C# twin in src/Merlon.Datapath/Abi; a test
 * compares the two through the object's BTF. Enums only grow. All numbers here (segment, realm, vnic, slot, epoch, generation) are local
 * to a host and an agent instance. Addresses are network byte order in 16 bytes; IPv4 is IPv4-mapped (::ffff:a.b.c.d).
 */
#ifndef MERLON_ABI_H
#define MERLON_ABI_H

#define MERLON_ABI_VERSION 1u

/* Sizes that both sides index with. */
#define MERLON_WAYS 8192u          /* slots of the map ways; a power of two */
#define MERLON_MAX_SLOTS 4096u     /* guarded vNICs of one host */
#define MERLON_MAX_VMS 2048u       /* budget records; 0 is "outside" */
#define MERLON_MAX_RULE_IDS 1048576u
#define MERLON_MAX_CPUS 256u
#define MERLON_NIC_LOCALS 8u       /* distinct local address classes of one vNIC */
#define MERLON_MAX_V6_LENGTHS 32u  /* active IPv6 prefix lengths of one image */
#define MERLON_V6_PROBES 16u       /* longest probe sequence in the IPv6 prefix table */
#define MERLON_PORT_VLANS 8u       /* ranges of VLANs that a vNIC may tag with */
#define MERLON_PORT_ETHER_TYPES 8u /* EtherTypes that a vNIC may use beside IPv4, IPv6 and ARP */
#define MERLON_LICENCE_MOST 8u     /* prefixes, and MACs, that a vNIC may claim beside its own */

/* ---- verdicts and reasons -------------------------------------------------------------------- */

enum merlon_verdict {
	VERDICT_NONE = 0,
	VERDICT_ALLOW = 1,
	VERDICT_DENY = 2,
	VERDICT_REJECT = 3,
	VERDICT_WOULD_DENY = 4,
	VERDICT_WOULD_ALLOW = 5,
};

/* Stable; the kebab-case form (REASON_SPOOFED_MAC -> "spoofed-mac") is what people see. */
enum merlon_reason {
	REASON_NONE = 0,
	REASON_RULE = 1,                /* a policy rule decided */
	REASON_DEFAULT = 2,             /* the tenant's default decided */
	REASON_BUILTIN = 3,             /* a built-in rule decided: ARP, ND, DHCP client, MLD/IGMP */
	REASON_CONNECTION = 4,          /* a packet of an approved connection */
	REASON_REPLY = 5,
	REASON_NOT_GUARDED = 6,
	REASON_DIRECTION_NOT_GUARDED = 7,
	REASON_OBSERVED = 8,
	REASON_RELATED = 9,             /* ICMP error that quotes a live connection */
	REASON_UNTRACKED = 10,          /* a rule or the default decided, and no connection is made; closed: tracked no longer */

	REASON_GATE_CLOSED = 32,        /* attached in drop: no policy bound yet */
	REASON_NO_PORT = 33,            /* attached, but the port record is missing */
	REASON_NO_IMAGE = 34,
	REASON_IMAGE_FAULT = 35,        /* the image points outside itself; fail closed */
	REASON_TRUNCATED = 36,          /* header not all there */
	REASON_MALFORMED = 37,          /* header fields contradict each other */
	REASON_ETHERTYPE = 38,
	REASON_VLAN_TAG = 39,
	REASON_FRAGMENT = 40,           /* non-first fragment without its first */
	REASON_EXTENSION_HEADER = 41,
	REASON_SPOOFED_MAC = 42,
	REASON_SPOOFED_ADDRESS = 43,
	REASON_SPOOFED_ARP = 44,
	REASON_SPOOFED_ND = 45,
	REASON_DHCP_SERVER = 46,
	REASON_ROUTER_ADVERTISEMENT = 47,
	REASON_TCP_NO_CONNECTION = 48,  /* not a SYN and no entry */
	REASON_TCP_INVALID_FLAGS = 49,
	REASON_TCP_INVALID_STATE = 50,
	REASON_TCP_OUT_OF_WINDOW = 51,
	REASON_ICMP_NO_CONNECTION = 52, /* an echo reply nobody asked for */
	REASON_ICMP_UNRELATED = 53,     /* an error that quotes no live connection */
	REASON_TABLE_FULL = 54,
	REASON_VM_BUDGET = 55,
	REASON_HALF_OPEN_BUDGET = 56,
	REASON_REVOKED = 57,            /* the connection's rule is gone: cut */
	REASON_SAME_ADDRESSES = 58,     /* source equals destination (land) */
	REASON_OTHER_MAC = 59,          /* a flooded copy for another MAC; counted, no event */
	REASON_CHECKSUM_OFFLOAD = 60,   /* a checksum is to be written over a header that was judged */
	REASON_SEGMENT_OFFLOAD = 61,    /* the packet is to be cut into others than were judged */
	REASON_CONNECTION_RATE = 62,    /* the VM opens more in a second than its Guard grants */
	REASON_ICMP_RATE = 63,

	/* of close events: how the connection ended (or REASON_REVOKED) */
	REASON_FINISHED = 64,           /* both sides' FIN */
	REASON_RESET = 65,
	REASON_IDLE_TIMEOUT = 66,
	REASON_PORT_REMOVED = 67,       /* the vNIC is no longer here, and no other one holds the connection */
	REASON_REPLACED = 68,           /* a newer connection of the same ends was answered */
	REASON_NEIGHBOUR_RATE = 69,     /* ARP and ND */
	REASON_UNTRACKED_SYN = 70,      /* it opens, from the end that only answers */
	REASON_ADOPTED = 71,            /* open: it ran before its VM was guarded */
};

/* ---- ports: one record per attached interface -------------------------------------------------- */

#define PORT_CLOSED 0x1u           /* drop everything: the start gate */
#define PORT_FAIL_OPEN 0x2u        /* no image bound to the slot: pass instead of drop */
#define PORT_CAPTURED 0x10u        /* every frame goes to the ring captures, with its verdict */
#define PORT_LEARN_DHCP 0x20u      /* answers to its DHCP requests go to the ring claims */
#define PORT_LEARN_ARP 0x40u       /* and addresses that it speaks for in ARP and ND and does not own */

#define SPOOF_OFF 0u
#define SPOOF_OBSERVE 1u
#define SPOOF_ENFORCE 2u

struct merlon_vlans {              /* a range; 0-0 = none */
	__u16 low, high;
};

struct merlon_port {               /* map ports: HASH by ifindex */
	__u32 vnic;                /* unique for ever within an instance; never reused, 0 = none */
	__u32 incarnation;         /* of the port: ifindexes are reused */
	__u16 slot;                /* index into the image's bind section; reused */
	__u16 segment;             /* of a port with vlans: its own, no other port's */
	__u16 realm;
	__u16 vm;                  /* index into budgets */
	__u8 mac[6];
	__u8 flags;                /* PORT_* */
	__u8 spoof_mac, spoof_ipv4, spoof_ipv6, spoof_arp, spoof_nd, spoof_dhcp, spoof_ra; /* SPOOF_* */
	__u16 ether_types[MERLON_PORT_ETHER_TYPES]; /* 0 = none */
	struct merlon_vlans vlans[MERLON_PORT_VLANS];
	__u8 awaited;              /* 1 = its VM has not spoken here yet, so it may run elsewhere: cleared by the program */
	__u8 pad;
};

struct merlon_mac_key {            /* map macs: HASH, who is behind a MAC of a segment */
	__u8 mac[6];
	__u16 segment;
};

struct merlon_mac_owner {
	__u32 ifindex;
	__u32 vnic;
};

struct merlon_owner_key {          /* map owners: HASH, address claims of a realm */
	__u8 address[16];
	__u32 realm;
};

struct merlon_owner {
	__u32 vnic;
};

struct merlon_prefix {
	__u64 network[2], mask[2]; /* network order */
};

struct merlon_licence {            /* map licences: HASH by vNIC, what it may claim beside its own */
	struct merlon_prefix addresses[MERLON_LICENCE_MOST];
	__u64 macs[MERLON_LICENCE_MOST]; /* the six bytes in memory's order, then 0 */
	__u32 address_count, mac_count;
	__u32 slot;                /* of the vNIC: map macs does not know it behind a listed MAC */
	__u32 pad;
};

/* ---- the image: one flat array of u64 words per generation -------------------------------------- */
/* Written whole by Merlon.Policy (Compile/ImageWriter.cs); read by policy.h and by the simulator. Offsets are in words from the start. u32 and
 * u16 tables are little-endian packed into words. bind and rule_ids are appended by the agent and are no part of the pure image (zero there). */
#define IMAGE_MAGIC 0x4d45524cu    /* "MERL" */
#define IMAGE_HEADER_WORDS 32u

enum image_word {
	IMAGE_W_MAGIC = 0,         /* magic | abi version << 32 */
	IMAGE_W_SIZE = 1,          /* words of the pure image */
	IMAGE_W_NICS = 2,          /* offset | count << 32; records of IMAGE_NIC_WORDS */
	IMAGE_W_RULESETS = 3,      /* offset | count << 32; records of IMAGE_RULESET_WORDS */
	IMAGE_W_ROOT4 = 4,         /* offset | realms << 32; per realm 65536 u32 */
	IMAGE_W_NODE4 = 5,         /* offset | chunks << 32; per chunk 256 u32 */
	IMAGE_W_HASH6 = 6,         /* offset | buckets (a power of two) << 32; 4 words each */
	IMAGE_W_LENGTHS6 = 7,      /* offset | count << 32; u16 each, longest first */
	IMAGE_W_PLANES = 8,        /* offset | planes << 32; per plane 256 u16 chunk numbers */
	IMAGE_W_CHUNKS = 9,        /* offset | chunks << 32; per chunk 256 u16 */
	IMAGE_W_KINDS = 10,        /* offset | KIND_COUNT << 32; one word each, see below */
	IMAGE_W_COMBOS = 11,       /* offset | length << 32; u16 service classes */
	IMAGE_W_CLASSES = 12,      /* remote classes | service classes << 32 */
	IMAGE_W_RULES = 13,        /* rules named by cells */
	IMAGE_W_BIND = 14,         /* agent: offset | slots << 32; one word per slot */
	IMAGE_W_RULE_IDS = 15,     /* agent: offset | count << 32; u32 each, image rule -> host rule id */
	IMAGE_W_GENERATION = 16,   /* agent: the generation this image was committed as */
	IMAGE_W_SEED6 = 17,        /* u32: seed of hash6 */
};

/* root4 / node4 entries: bit 31 set = chunk number below, else a remote class. */
#define IMAGE_NODE_BIT 0x80000000u

/* hash6 bucket: addr high (host order), addr low, length | realm << 8 | 1 << 32 (used), class.
 * Start bucket: merlon_hash6(high, low, length | realm << 8 | seed << 32) & (buckets - 1), then linear, at most
 * MERLON_V6_PROBES buckets; ends at an unused one. Why there is a seed: docs/decisions/0001. */
static inline __attribute__((always_inline)) __u64 merlon_hash6(__u64 high, __u64 low, __u64 meta)
{
	__u64 h = (high ^ (meta * 0x9e3779b97f4a7c15ull)) * 0xbf58476d1ce4e5b9ull;

	h = (h ^ (h >> 32)) + low;
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebull;
	return h ^ (h >> 31);
}

/* bind word of a slot: (nic record + 1) | policy epoch << 32; low half 0 = nothing bound. */

/* nic record:
 *  w0  flags | class of the vNIC itself (members by VM, no address) << 32
 *  w1  out ruleset | in ruleset << 32     for an address that is not the vNIC's own (map owners says
 *      whose it is), and for an own one whose class none of the locals names
 *  w2  number of locals
 *  w3+2i  local i: class   w4+2i  out ruleset | in ruleset << 32; up to w18
 *  w19 NIC_UNTRACKED: plane of the TCP ports that pass without a connection, UNTRACKED_* by port */
#define IMAGE_NIC_WORDS 20u
#define IMAGE_NIC_UNTRACKED 19u
#define NIC_GUARD_OUT 0x1u
#define NIC_GUARD_IN 0x2u
#define NIC_OBSERVE 0x4u           /* Guard.spec.mode: observe */
#define NIC_LOG_ALLOW 0x8u         /* open and close events for every connection */
#define NIC_UNTRACKED 0x10u
#define UNTRACKED_SERVES 0x1u      /* the VM listens on the port */
#define UNTRACKED_ASKS 0x2u        /* the VM connects out to the port */

/* ruleset record: w0 row map offset (u16 per remote class) | columns << 32
 *                 w1 column map offset (u16 per service class) | rows << 32
 *                 w2 cells offset | RULESET_NARROW << 32; row-major, one word per cell; narrow: 32 bits per cell, one half
 *                    that is both, since no rule is observed; w3 reserved */
#define IMAGE_RULESET_WORDS 4u
#define RULESET_NARROW 0x1u

/* cell: two halves of 32 bits, active (low) and candidate (high):
 * bits 0-23 image rule number (CELL_RULE_DEFAULT = the default), 24-27 verdict, 28 log. */
#define CELL_RULE_MASK 0xffffffu
#define CELL_RULE_DEFAULT 0xffffffu
#define CELL_VERDICT_SHIFT 24
#define CELL_LOG 0x10000000u

/* Protocol kinds, by the protocol number alone. A kind's word: destination plane | source plane << 8 (0xff = none) | source classes << 16 | first combo << 32.
 * destination value: port, ICMP type << 8 | code, or the protocol number (KIND_OTHER).
 * service class = combos[first + dclass * source classes + sclass]. */
enum image_kind {
	KIND_TCP = 0,
	KIND_UDP = 1,
	KIND_SCTP = 2,
	KIND_ICMP = 3,
	KIND_ICMP6 = 4,
	KIND_OTHER = 5,
	KIND_COUNT = 6,
};

/* ---- control ------------------------------------------------------------------------------------ */

struct merlon_control {            /* map control: ARRAY of 1 */
	__u32 generation;          /* active; images[generation & 1]. 0 = none committed yet */
	__u32 topology;            /* bumped on any port, bridge, VLAN or capture change, and in one store with generation */
	__u32 flags;               /* CONTROL_* */
	__u32 abi;
	__u64 lease_ns;            /* until then (monotonic clock) what ways says holds; 0 = it does not */
	__u32 boot_ms;             /* boot clock less monotonic clock */
	__u32 pad;
};

#define CONTROL_NO_HANDOFF 0x1u    /* tests only: judge each hook by the newest generation */
#define CONTROL_NO_SHORT_CUT 0x2u  /* the host's switch */

/* ---- ways: between which ports from_vm may judge for both hooks ------------------------------------------- */

#define WAY_BY_BRIDGE 0x1u         /* the bridge is not to be passed by at this port */

struct merlon_way {                /* map ways: ARRAY by ifindex & (MERLON_WAYS - 1) */
	__u32 ifindex;             /* 0 = none */
	__u32 incarnation;
	__u32 vnic;
	__u32 domain;              /* ports of one number: the bridge forwards plain frames between them */
	__u16 segment;
	__u16 mtu;
	__u8 mac[6];
	__u16 flags;               /* WAY_* */
	__u32 bridged_ms;          /* the program's: when a frame of this port last took the bridge */
};

/* ---- connections ---------------------------------------------------------------------------------- */
/* Endpoints are sorted: a is the lower (address, port) in byte order. ICMP echo: id at the end that asks, id + 1 at the one that
 * answers. vlan: the outer tag's number, the inner one's << 16, each with VLAN_SERVICE where it is a service tag; 0 = untagged. */
#define VLAN_SERVICE 0x8000u       /* 802.1ad */

struct merlon_key4 {               /* maps conn4, half4 */
	__u16 segment;
	__u8 proto;
	__u8 pad;
	__u32 vlan;
	__u32 addr_a, addr_b;      /* network order */
	__u16 port_a, port_b;      /* network order */
};

struct merlon_key6 {               /* maps conn6, half6 */
	__u16 segment;
	__u8 proto;
	__u8 pad;
	__u32 vlan;
	__u16 port_a, port_b;
	__u8 addr_a[16], addr_b[16];
};

enum merlon_state {
	CONN_DEAD = 0,             /* expired and marked by the timer; deleted one pass later */
	CONN_NEW = 1,              /* initiator only: SYN, first datagram, echo request */
	CONN_REPLIED = 2,          /* SYN-ACK seen */
	CONN_ESTABLISHED = 3,
	CONN_CLOSING = 4,          /* one FIN */
	CONN_CLOSED = 5,           /* both FINs */
	CONN_RESET = 6,
	CONN_GONE = 7,             /* dead, its deletion has begun: not to be revived */
	CONN_ADOPTED = 8,          /* it ran before; the other end has not been heard yet */
};

#define CONN_INITIATOR_B 0x1u      /* endpoint b opened the connection */
#define CONN_FIN_A 0x2u
#define CONN_FIN_B 0x4u
#define CONN_LOG_CLOSE 0x8u        /* a close event is owed */
#define CONN_SCALE_OK 0x10u        /* both SYNs carried window scale (RFC 7323 2.2) */
#define CONN_PROMOTED 0x20u        /* copied from half to conn; the half copy owes no event */
#define CONN_REVOKED 0x40u         /* a side's policy refuses it now */
#define CONN_LIBERAL 0x80u         /* TCP in fragments was seen: its windows are no longer exact */
#define LEFT_BROUGHT 0x4u          /* in left: only this side's VM says that there is this connection, it came inside it */

struct merlon_side {               /* one endpoint's guard: vNIC or outside */
	__u32 vnic;                /* 0 = outside; known where the direction is not guarded too */
	__u32 epoch;               /* policy epoch that approved it; 0 = not approved, or no longer here */
};

struct merlon_window {             /* what one side sent, as nf_conntrack counts it */
	__u32 end;                 /* highest sequence + length sent */
	__u32 max_end;             /* highest the other side's window allows */
	__u32 max_win;             /* largest window this side advertised, scaled */
};

struct merlon_conn {
	/* line 1: what every packet reads */
	struct bpf_spin_lock lock;
	__u8 state;                /* merlon_state */
	__u8 flags;                /* CONN_* */
	__u8 scale;                /* window shift: a low nibble, b high nibble */
	__u8 end_reason;           /* merlon_reason where state and flags do not tell how it ended, else 0 */
	__u32 expires;             /* milliseconds of the boot clock, wraps after 49 days */
	__u32 topology;
	struct merlon_side side[2];     /* a, b */
	struct merlon_window window[2]; /* a, b */
	__u16 vm;                  /* budget that the entry, and the element that it stands in, are charged to */
	__u8 left;                 /* bit of each side whose vNIC has left this host; LEFT_BROUGHT << side */
	__u8 adopted;              /* 1 = nobody saw it open */
	__u32 tag;                 /* hash of the key: proves that a value found is still this key's */
	/* line 2: counted, not judged by */
	__u64 packets[2];          /* by sender a, b */
	__u64 bytes[2];            /* IP length */
	__u64 created_ns;          /* boot clock */
	__u32 rule[2];             /* host rule id that approved out, in; 0 = none */
	__u32 last_ms;
	__u16 way[2];              /* of a, b: slots of ways; good for as long as topology is */
	__u32 max_ack[2];          /* highest acknowledgement a, b sent (RFC 5961: the exact RST) */
};

enum merlon_rate_of {
	RATE_CONNECTIONS = 0,
	RATE_ICMP = 1,
	RATE_NEIGHBOURS = 2,
	RATE_ICMP_ANSWERS = 3,     /* echo replies and errors: others make a VM send them */
	RATE_NEIGHBOUR_ANSWERS = 4, /* ARP replies, neighbour advertisements */
	RATE_COUNT = 5,
};

struct merlon_rate {               /* a token bucket: one each interval, and a second's worth at once */
	__u64 next_ns;             /* when the next one would be due if all came evenly; boot clock */
	__u32 interval_ns;         /* 0 = no limit */
	__u32 refused;             /* wraps */
};

enum merlon_pool_of {
	POOL_HALF4 = 0,
	POOL_HALF6 = 1,
	POOL_CONN4 = 2,
	POOL_CONN6 = 3,
	POOL_COUNT = 4,
};

struct merlon_budget {             /* map budgets: ARRAY by vm */
	__u32 half_open, connections; /* that live, of both versions together */
	__u32 max_half_open, max_connections; /* 0 = no limit */
	__u32 refused_half_open, refused_connections; /* beyond those; the counts of refusals wrap */
	__u32 refused_table;       /* beyond the pool */
	__u32 pad;
	__u64 opened;              /* connections, since it was guarded */
	struct merlon_rate rates[RATE_COUNT];
	__u32 held[POOL_COUNT];    /* elements of each table: those that live, and those that are over and not deleted yet */
};

/* So many elements of each table are a VM's own; what it holds above them it borrows from the pool (docs/packet-path.md, Shares). */
#define MERLON_SHARE_HALF 32u
#define MERLON_SHARE_CONN 64u

struct merlon_pool {               /* map pools: ARRAY of POOL_COUNT */
	__s32 used;                /* for a moment, while a VM's count moves on another CPU, below 0 */
	__u32 limit;               /* 0 = no limit */
};

/* ---- events: per-CPU ring buffers ------------------------------------------------------------------ */

enum merlon_event_type {
	EVENT_OPEN = 1,
	EVENT_CLOSE = 2,
	EVENT_DENY = 3,            /* packets = how many this record stands for */
	EVENT_SPOOF = 4,           /* antiSpoof in observe: would have been dropped */
	/* 5 is taken, though it was never sent. */
};

#define EVENT_F_IN 0x1u            /* decided at to_vm */
#define EVENT_F_WOULD_DENY 0x2u
#define EVENT_F_WOULD_ALLOW 0x4u
#define EVENT_F_SUMMARY 0x8u       /* denies counted since the last record of the same key */

struct merlon_event {
	__u64 time_ns;             /* boot clock */
	__u64 created_ns;          /* close: when it opened; deny: first of the count */
	__u64 packets[2];          /* initiator, responder; deny: packets[0] */
	__u64 bytes[2];
	__u8 source[16];           /* initiator */
	__u8 destination[16];
	__u16 source_port;         /* host order; ICMP echo: id in source_port, type << 8 | code in destination_port */
	__u16 destination_port;
	__u8 type;                 /* merlon_event_type */
	__u8 proto;
	__u8 reason;
	__u8 verdict;
	__u32 source_vnic;         /* 0 = unknown or outside */
	__u32 destination_vnic;
	__u32 out_rule, in_rule;   /* host rule ids; 0 = not judged here */
	__u16 segment;
	__u8 flags;                /* EVENT_F_* */
	__u8 end_state;            /* close: merlon_state before it died */
	__u32 candidate_rule;      /* would-deny / would-allow */
};

struct merlon_deny_key {           /* map denies: HASH, counts under flood */
	__u8 source[16];
	__u8 destination[16];
	__u32 vnic;                /* the judging vNIC */
	__u16 destination_port;
	__u8 proto;
	__u8 reason;
	__u32 rule;
};

struct merlon_deny {
	__u64 packets, bytes;      /* since the last record */
	__u64 first_ns, last_ns;
	__u32 peer_vnic;
	__u16 segment;
	__u16 source_port;
	__u8 flags;                /* EVENT_F_* */
	__u8 verdict;
	__u8 pad[2];
	__u32 life;                /* 0 counted in, 1 idle, 2 being deleted */
};

/* ---- counters ---------------------------------------------------------------------------------------- */

enum merlon_counter {              /* map counters: PERCPU_ARRAY of u64, indexed by these */
	COUNTER_EVENTS_SENT = 0,
	COUNTER_EVENTS_LOST = 1,   /* ring full */
	COUNTER_DENIES_LOST = 2,   /* deny table full: counted here and nowhere else */
	COUNTER_CONN_OPENED = 3,
	COUNTER_CONN_EXPIRED = 4,
	COUNTER_REJUDGED = 5,
	COUNTER_HANDOFF_HIT = 6,
	COUNTER_HANDOFF_MISS = 7,
	COUNTER_TIMER_PASSES = 8,
	COUNTER_ANSWERS = 9,       /* to packets that a rule rejects */
	COUNTER_ANSWERS_HELD = 10, /* not sent: too many, too large, or no fitting answer */
	COUNTER_SHORT_CUT = 11,    /* packets that went without the bridge */
	COUNTER_CAPTURES_LOST = 12, /* frames of a captured port that found the ring full */
	COUNTER_ONE_LOOK = 13,     /* packets that from_vm judged for both hooks, and the bridge carried */
	COUNTER_CLAIMS_HELD = 14,  /* claims that were not told: too many of one vNIC, or the ring was full */
	COUNTER_ADOPTED = 15,      /* connections that ran before their VM was guarded; counted as opened too */
	COUNTER_COUNT = 16,
};
/* map reasons: PERCPU_ARRAY of u64 [256], drops by reason.
 * map adoptions: HASH of u64 by vnic: until then (ns of the boot clock) it takes in connections that ran before.
 * map rule_hits: ARRAY of this [MERLON_MAX_RULE_IDS], judgements by host rule id; would: it is observed, and would have decided otherwise. */
struct merlon_rule_hits { __u64 decided, would; };
#define RULE_ID_DEFAULT 1u         /* "default" */
#define RULE_ID_BUILTIN_ARP 2u
#define RULE_ID_BUILTIN_ND 3u
#define RULE_ID_BUILTIN_DHCP 4u
#define RULE_ID_BUILTIN_GROUP 5u   /* MLD and IGMP reports */
#define RULE_ID_BUILTIN_ETHER_TYPE 6u /* an EtherType that the Guard lists */
#define RULE_ID_FIRST 16u          /* the agent numbers policy rules from here */

#include "abi_copies.h"

#endif
