/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one packet's run knows, and other types that stay inside the kernel program. */
#ifndef MERLON_WORK_H
#define MERLON_WORK_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

/* TC_ACT_UNSPEC = TCX_NEXT: the next program decides; OK would silence other filters. */
#define PASS (-1)
#define SHOT 2

#define FAMILY_NONE 0
#define FAMILY_4 4
#define FAMILY_6 6

enum fragment_kind {
	FRAGMENT_NONE = 0,
	FRAGMENT_FIRST = 1,
	FRAGMENT_LATER = 2,
};

/* So that functions verified on their own can take one. */
struct address {
	__u8 bytes[16] __attribute__((aligned(8)));
};

/* The headers of one packet. Addresses as in abi.h; ports and id as on the wire; the rest host order. */
struct packet {
	__u8 source[16] __attribute__((aligned(8)));
	__u8 destination[16] __attribute__((aligned(8)));
	__u8 source_mac[6];
	__u8 destination_mac[6];
	__u16 ethertype;
	__u8 family;
	__u8 proto;
	__u8 fragment;
	__u8 tcp_flags;
	__u16 source_port;
	__u16 destination_port;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 hop_limit;
	__u8 tcp_scale;            /* window shift offered + 1; 0 = none */
	__u16 l3;
	__u16 l4;
	__u32 length;              /* of the IP packet */
	__u32 l4_length;           /* from the transport header to the end */
	__u32 data_length;         /* TCP: bytes after the header */
	__u32 fragment_id;         /* IPv4: the id of every packet */
	__u32 fragment_offset;     /* bytes */
	__u32 fragment_end;        /* offset behind this fragment: headers that are reassembled count */
	__u32 fragment_header;     /* IPv6: one was walked */
	__u32 vlan;                /* as in the keys of abi.h; a priority tag is none */
	__u32 tags;
	__u32 arp_reply;
	__u32 seq;
	__u32 ack;
	__u32 window;
};

/* What a judgement takes and gives. */
struct judgement {
	__u8 local[16] __attribute__((aligned(8)));
	__u8 remote[16] __attribute__((aligned(8)));
	__u32 direction;           /* 0 out, 1 in */
	__u32 remote_class;        /* CLASS_BY_ADDRESS: look remote up */
	__u16 kind;                /* image_kind */
	__u16 destination;         /* port, type << 8 | code, protocol */
	__u16 source;
	__u8 passes;
	__u8 verdict;
	__u8 log;
	__u8 reason;
	__u8 rejects;              /* the active verdict */
	__u32 rule;                /* host rule id of the active verdict */
	__u32 candidate_rule;      /* of the other one where the two differ, else 0 */
	__u32 local_class;         /* of the own address, or of the vNIC alone */
};
#define CLASS_BY_ADDRESS 0xffffffffu

/* A connection's key in the form of events. */
struct ends {
	__u8 a[16] __attribute__((aligned(8)));
	__u8 b[16] __attribute__((aligned(8)));
	__u16 port_a, port_b;
	__u16 segment;
	__u8 proto;
	__u8 half;
	__u32 vlan;
};

/* What a packet of a known connection is to its entry. */
struct plan {
	__u32 source;              /* 0 a, 1 b: who sent the packet */
	__u32 own;                 /* this hook's side */
	__u32 initiator;
	__u32 direction;           /* in which the own side is judged */
	__u32 stamp;               /* the own side was judged again */
	__u32 commit;              /* the last hook that this packet passes here: step and count */
	__u64 life;                /* created_ns of the entry that it is planned for */
};

/* An answer of this program's own that is on its way: its whole IP packet, without what routers change. */
#define ANSWER_BYTES 96
struct answer_key {
	__u32 realm;
	__u32 length;
	__u8 bytes[ANSWER_BYTES];
};

struct expected_answer {
	__u64 expires_ns;
	__u32 vnic;                /* whose policy rejected */
	__s32 leaves, arrives;     /* how often it still passes from_vm of that vNIC, and to_vm */
};

struct answer_account {            /* of one VM and direction */
	__u32 second;
	__u32 answers;             /* in this second */
	__s32 credit;              /* bytes of rejected packets, less those of answers */
};

/* from_vm tells to_vm: same CPU, same packet. */
struct handoff {
	__u32 ifindex;             /* expected destination port; 0 = empty */
	__u32 incarnation;
	__u32 generation;
	__u32 vnic;                /* source vNIC */
	__u32 epoch;               /* epoch that approved out, 0 = not judged (established) */
	__u32 rule;                /* host rule id that allowed out */
	__u32 source_class;
	__u32 flags;               /* HANDOFF_* */
	__u32 candidate_rule;      /* would-deny by out: the rule that would have */
	__u32 topology;            /* under which the source's side was found approved */
	__u32 followed;            /* the epoch that the source's side of the entry has; 0 = none, or not the present one */
	__u16 way;                 /* the source's slot of ways */
	__u16 vm;                  /* the source's budget */
};

#define HANDOFF_LOG 0x1u
#define HANDOFF_WOULD_DENY 0x2u
#define HANDOFF_UNTRACKED 0x4u     /* both ends want no connection of it */
#define HANDOFF_ADOPTED 0x8u       /* the source takes it in as a connection that it opened before it was guarded */

/* What to_vm knows a packet by that from_vm has just judged for it: every byte that was read, and what is beside the bytes. */
#define NOTE_WORDS 10
struct note {
	__u32 ifindex;             /* 0 = empty */
	__u32 topology;
	__u64 ns;                  /* coarse monotonic clock */
	__u32 length, gso_size;
	__u32 protocol, tcp;
	__u64 words[NOTE_WORDS];
};

/* identity: what proves that a packet at to_vm is the one that from_vm just judged. */
#define IDENTITY_WORDS 8
struct handoff_slot {
	struct handoff told;
	__u64 identity[IDENTITY_WORDS];
	struct note note;
};

struct work {
	struct packet packet;
	struct packet quoted;      /* inside an ICMP error */
	struct merlon_port port;
	struct handoff handoff;
	struct judgement judgement;
	struct ends ends;
	struct plan plan;
	__u32 in;                  /* at to_vm */
	__u32 ifindex;
	__u64 now_ns;
	__u32 now_ms;
	__u32 topology;            /* read before generation */
	__u32 generation;
	__u32 nic;                 /* word of the nic record; 0 = no image bound */
	__u32 nic_flags;
	__u32 epoch;
	__u32 peer_ifindex;        /* from_vm: guarded port behind the destination MAC, 0 = none */
	__u32 peer_incarnation;
	__u32 peer_vnic;
	__u32 tag;
	__u32 source_is_b;
	__u32 vm;                  /* budget to charge; the timer: that is charged for the element */
	__u32 known;               /* a live entry of these ends was found, though not one for this packet */
	__u32 rejected;            /* dropped by a rule that answers */
	__u32 adopted;             /* the packet makes an entry though it opens nothing: ADOPT_* */
	__u32 told_verdict, told_reason, told_rule; /* for a capture: what became of the packet */
	struct merlon_event event;
	struct merlon_deny_key deny_key;
	struct merlon_deny deny;
	/* Never written: keeps abi.h's enums in the object's BTF, for the test that compares them with C#. */
	union {
		enum merlon_verdict verdict;
		enum merlon_reason reason;
		enum merlon_state state;
		enum merlon_event_type event_type;
		enum merlon_counter counter;
		enum image_word image_word;
		enum image_kind image_kind;
	} abi;
	__u32 pad;
	/* merlon_conn to insert and the remains of one replaced; bytes, so that no map of this type holds a lock */
	__u64 fresh[sizeof(struct merlon_conn) / 8];
	__u64 old[sizeof(struct merlon_conn) / 8];
	struct answer_key answer_key;
	__u64 answer[15];          /* the frame, from its third byte on */
};

/* Three users of scratch that may meet on one CPU. It is pinned with so many: whoever else needs one has a map of its own. */
enum work_owner {
	WORK_FROM_VM = 0,
	WORK_TO_VM = 1,
	WORK_TIMER = 2,
	WORK_COUNT = 3,
};

struct fragment_key {
	__u8 source[16];
	__u8 destination[16];
	__u32 id;
	__u32 vnic;                /* each hook follows the first fragment that itself let through */
	__u8 proto;
	__u8 in;
	__u16 segment;
	__u32 vlan;
};

struct fragment {
	__u32 expires;             /* ms */
	__u32 end;                 /* of the first fragment: no later one may reach below it */
	__u16 source_port, destination_port;
	__u8 proto;
	__u8 pad[3];
};

/* What the program keeps of a port that learns. */
struct learner {
	__u32 vnic;                /* another's: what stands here is of an earlier vNIC of the slot */
	__u32 asked[2];            /* transaction that the VM asked its DHCP server last in: IPv4, IPv6 */
	__u32 pad;
	__u64 asked_ns[2];         /* and when; 0 = never */
	__u64 next_ns;             /* when its next claim would be due if all came evenly */
};

/* A connection that a vNIC does not adopt any more. */
struct barred_key {
	__u32 vnic;
	__u32 tag;                 /* of its ends; whoever finds another of this tag and these ports bars that too, at its own vNIC */
	__u16 port_a, port_b;
};

struct clockwork {
	struct bpf_timer timer;
	__u64 passes;
	__u64 worked_ns;           /* in this pass */
	__u32 table;               /* enum turn */
	__u32 marked;              /* its end is in its queue */
	__u64 total_ns, longest_ns; /* of all slices, of one */
	__u64 denies_ns;           /* when the denies have their next turn */
};

static __always_inline struct merlon_conn *conn_of(__u64 *bytes)
{
	return (struct merlon_conn *)bytes;
}

#endif
