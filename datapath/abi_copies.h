/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of abi.h that holds copies of frames: captures, claims of addresses, and the words of traces. */
#ifndef MERLON_ABI_COPIES_H
#define MERLON_ABI_COPIES_H

/* ---- captures: what the filter saw at a port that is captured ------------------------------------------ */

#define MERLON_CAPTURE_BYTES 512u  /* the most that is kept of a frame */

struct merlon_capture {            /* map captures: RINGBUF, shared by all CPUs */
	__u64 time_ns;             /* boot clock */
	__u32 vnic;
	__u32 length;              /* of the frame, without a tag that the driver took out */
	__u32 rule;                /* host rule id that decided; 0 = none did */
	__u16 captured;            /* bytes of frame */
	__u16 vlan;                /* the tag that the driver took out: TCI */
	__u16 vlan_type;           /* and its EtherType, host order; 0 = none */
	__u8 in;                   /* 0 from_vm, 1 to_vm */
	__u8 verdict;              /* merlon_verdict */
	__u8 reason;               /* merlon_reason; 0 = not told */
	__u8 pad[3];
	__u8 frame[MERLON_CAPTURE_BYTES];
};

/* ---- traces: words of a test packet's control block (__sk_buff.cb) -------------------------------------- */

#define MERLON_TRACE 0x4d54524fu   /* in word ASKED: the others are to be filled */
#define MERLON_TRACE_ASKED 0
#define MERLON_TRACE_VERDICT 1     /* merlon_verdict */
#define MERLON_TRACE_REASON 2      /* merlon_reason; 0 = not told */
#define MERLON_TRACE_RULE 3        /* host rule id that decided; 0 = none did */
#define MERLON_TRACE_SOURCE 4      /* to_vm: the vNIC whose from_vm handed the packet over; 0 = from outside */

/* ---- claims: addresses that the VM of a port which learns begins to use --------------------------------- */

#define MERLON_CLAIM_BYTES 256u    /* the most that is kept of an answer's options */

#define CLAIM_ARP 1u
#define CLAIM_ND 2u
#define CLAIM_DHCP4 3u             /* any answer that offers it an address: user space reads which */
#define CLAIM_DHCP6 4u             /* a Reply; its addresses are in the options */

struct merlon_claim {              /* map claims: RINGBUF, shared by all CPUs */
	__u64 time_ns;             /* boot clock */
	__u32 vnic;
	__u16 length;              /* bytes of options; what stands behind them is older */
	__u8 how;                  /* CLAIM_* */
	__u8 cut;                  /* the answer has more options than are here */
	__u8 address[16];          /* DHCP6: none */
	__u8 options[MERLON_CLAIM_BYTES];
};

#endif
