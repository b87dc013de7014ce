// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the workloads need of the kernel: frames made on the spot (generate), their count where they arrive (arrive), and
 * the peers that are programs (nothing, straight). No part of the product.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define FLOWS 65536
#define ETH_IP 0x0800
#define TCP 6
#define TCP_SYN 2
#define TCP_ACK 16
#define NEXT (-1)
#define SHOT 2

/* The sender's side is 0 or 1; what is constant in one run stands in the template frame. */
struct course {
	__u64 sent;
	__u32 source;
	__u32 mask;                /* entries of order - 1 */
	__u32 next;
	__u32 fresh;               /* every frame is the first of a flow: ports and addresses are counted on */
	__u32 sum_ip, sum_tcp;     /* of what is the same in every frame, as the checksums count it */
};

struct flow {
	__u32 address[2];          /* network order, as the ports */
	__u16 port[2];
	__u32 seq[2];              /* the next byte that each side sends, host order */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct course);
} course SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOWS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

/* The flows in the order in which they are served. 64 bits: the kernel keeps array values 8 bytes apart. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOWS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} order SEC(".maps");

/* 0: at the guest they were for; 1: at another one. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

/* Ifindex to the one that straight sends to. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} wires SEC(".maps");

/* The program that serve() runs. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} measured SEC(".maps");

struct frame {
	__u8 destination[6], source[6];
	__be16 ethertype;
	__u8 version, tos;
	__be16 length, id, fragment;
	__u8 ttl, proto;
	__u16 checksum;
	__u32 from, to;
	__u16 source_port, destination_port;
	union {
		struct {
			__be32 seq, ack;
			__u8 offset, flags;
			__be16 window;
			__u16 checksum;
			__be16 urgent;
			__u8 data[10];
		} __attribute__((packed)) tcp;
		struct {
			__be16 length;
			__u16 checksum;
			__u8 data[22];
		} __attribute__((packed)) udp;
	};
} __attribute__((packed));

/* Words of the wire as they lie in memory: the sum's byte order is theirs. */
static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline void fill_tcp(struct frame *f, struct flow *flow, __u32 s, __u64 sum)
{
	__u32 more = f->tcp.flags & TCP_SYN ? 1 : bpf_ntohs(f->length) - 40;
	__u32 seq = bpf_htonl(flow->seq[s]), ack = f->tcp.flags & TCP_ACK ? bpf_htonl(flow->seq[s ^ 1]) : 0;

	flow->seq[s] += more;
	f->tcp.seq = seq;
	f->tcp.ack = ack;
	f->tcp.checksum = fold(sum + seq + ack);
}

/* The next frame of the course. */
static __always_inline bool fill(struct frame *f)
{
	__u32 zero = 0, at, s, number;
	__u64 *served, ends;
	struct flow *flow;
	struct course *c = bpf_map_lookup_elem(&course, &zero);

	if (!c)
		return false;
	s = c->source & 1;
	at = c->next++;
	at &= c->mask;
	served = bpf_map_lookup_elem(&order, &at);
	number = served ? *served : FLOWS;
	flow = bpf_map_lookup_elem(&flows, &number);
	if (!flow)
		return false;
	c->sent++;
	if (c->fresh && !++flow->port[s])
		flow->address[s] += bpf_htonl(1);
	f->from = flow->address[s];
	f->to = flow->address[s ^ 1];
	f->source_port = flow->port[s];
	f->destination_port = flow->port[s ^ 1];
	ends = (__u64)flow->address[0] + flow->address[1];
	f->checksum = fold(c->sum_ip + ends);
	if (f->proto == TCP)
		fill_tcp(f, flow, s, c->sum_tcp + ends + flow->port[0] + flow->port[1]);
	return true;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct frame *f = (struct frame *)(long)ctx->data;

	return (void *)(f + 1) <= (void *)(long)ctx->data_end && fill(f) ? XDP_PASS : XDP_DROP;
}

/* The next frame of the course, then the program that is measured. */
SEC("tc")
int serve(struct __sk_buff *skb)
{
	struct frame *f = (struct frame *)(long)skb->data;

	if ((void *)(f + 1) <= (void *)(long)skb->data_end && fill(f))
		bpf_tail_call(skb, &measured, 0);
	return SHOT;
}

/* At the guest's own end: counted, then gone, so that no stack answers. */
SEC("tc")
int arrive(struct __sk_buff *skb)
{
	__u32 stray = skb->pkt_type != 0;
	__u64 *count;

	if (skb->protocol != bpf_htons(ETH_IP))
		return NEXT;
	count = bpf_map_lookup_elem(&arrived, &stray);
	if (count)
		*count += 1;
	return SHOT;
}

SEC("tc")
int nothing(struct __sk_buff *skb)
{
	return NEXT;
}

/* The wall: a redirect and nothing else. */
SEC("tc")
int straight(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, *to = bpf_map_lookup_elem(&wires, &ifindex);

	return to ? bpf_redirect(*to, 0) : NEXT;
}
