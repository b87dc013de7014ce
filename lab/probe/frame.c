// Below IP: claims to addresses, raw frames, counting what arrives on the wire; and the guest's own addresses.
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char DEVICE[] = "eth0";

static int packet_socket(void)
{
	struct sockaddr_ll device = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(DEVICE) };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (fd >= 0 && bind(fd, (struct sockaddr *)&device, sizeof(device)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool parse_mac(const char *text, unsigned char *mac)
{
	unsigned int part[6];
	if (!text || sscanf(text, "%x:%x:%x:%x:%x:%x", &part[0], &part[1], &part[2], &part[3], &part[4], &part[5]) != 6)
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = (unsigned char)part[i];
	return true;
}

static void own_mac(unsigned char *mac)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	strcpy(request.ifr_name, DEVICE);
	ioctl(fd, SIOCGIFHWADDR, &request);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static size_t gratuitous_arp(unsigned char *frame, const unsigned char *mac, const struct in_addr *address)
{
	struct ether_header *ether = (struct ether_header *)frame;
	struct ether_arp *arp = (struct ether_arp *)(ether + 1);
	memset(ether->ether_dhost, 0xff, 6);
	memcpy(ether->ether_shost, mac, 6);
	ether->ether_type = htons(ETHERTYPE_ARP);
	arp->ea_hdr = (struct arphdr){ htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), 6, 4, htons(ARPOP_REPLY) };
	memcpy(arp->arp_sha, mac, 6);
	memcpy(arp->arp_spa, address, 4);
	memset(arp->arp_tha, 0xff, 6);
	memcpy(arp->arp_tpa, address, 4);
	return sizeof(*ether) + sizeof(*arp);
}

static uint16_t icmp6_checksum(const struct ip6_hdr *ip, const void *data, size_t length)
{
	uint32_t sum = htons((uint16_t)length) + htons(IPPROTO_ICMPV6);
	const uint16_t *word = (const uint16_t *)&ip->ip6_src;
	for (int i = 0; i < 16; i++)
		sum += word[i];
	word = data;
	for (size_t i = 0; i < length / 2; i++)
		sum += word[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// RFC 4861 4.4: an unsolicited advertisement to all nodes, override set.
static size_t unsolicited_advert(unsigned char *frame, const unsigned char *mac, const struct in6_addr *address)
{
	struct ether_header *ether = (struct ether_header *)frame;
	struct ip6_hdr *ip = (struct ip6_hdr *)(ether + 1);
	struct nd_neighbor_advert *advert = (struct nd_neighbor_advert *)(ip + 1);
	unsigned char *link = (unsigned char *)(advert + 1);
	const size_t length = sizeof(*advert) + 8;
	memcpy(ether->ether_dhost, (unsigned char[]){ 0x33, 0x33, 0, 0, 0, 1 }, 6);
	memcpy(ether->ether_shost, mac, 6);
	ether->ether_type = htons(ETHERTYPE_IPV6);
	ip->ip6_flow = htonl(6u << 28);
	ip->ip6_plen = htons((uint16_t)length);
	ip->ip6_nxt = IPPROTO_ICMPV6;
	ip->ip6_hlim = 255;
	ip->ip6_src = *address;
	inet_pton(AF_INET6, "ff02::1", &ip->ip6_dst);
	advert->nd_na_type = ND_NEIGHBOR_ADVERT;
	advert->nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
	advert->nd_na_target = *address;
	link[0] = ND_OPT_TARGET_LINKADDR;
	link[1] = 1;
	memcpy(link + 2, mac, 6);
	advert->nd_na_cksum = icmp6_checksum(ip, advert, length);
	return sizeof(*ether) + sizeof(*ip) + length;
}

static void send_frame(const unsigned char *frame, size_t length, long total)
{
	int fd = packet_socket();
	long sent = 0;
	for (long i = 0; fd >= 0 && i < total; i++)
		sent += write(fd, frame, length) == (ssize_t)length;
	reply_bool("ok", sent == total);
	reply_number("sent", sent);
	reply_text("error", sent == total ? "" : why(errno));
}

// claim ADDR [COUNT] [mac=MAC]: says to the whole segment that ADDR is at this (or that) MAC.
void op_claim(const struct args *args)
{
	unsigned char frame[128] __attribute__((aligned(2))) = { 0 }, mac[6];
	struct in_addr four;
	struct in6_addr six;
	size_t length = 0;
	if (!parse_mac(option(args, "mac"), mac))
		own_mac(mac);
	if (arg(args, 1) && inet_pton(AF_INET, arg(args, 1), &four) == 1)
		length = gratuitous_arp(frame, mac, &four);
	else if (arg(args, 1) && inet_pton(AF_INET6, arg(args, 1), &six) == 1)
		length = unsolicited_advert(frame, mac, &six);
	if (length) {
		send_frame(frame, length, arg_number(args, 2, 3));
		return;
	}
	reply_bool("ok", false);
	reply_text("error", "address?");
}

// raw HEX [COUNT]: a whole Ethernet frame.
void op_raw(const struct args *args)
{
	unsigned char frame[1514];
	size_t length = 0;
	unsigned int byte;
	for (const char *hex = arg(args, 1); hex && length < sizeof(frame) && sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		frame[length++] = (unsigned char)byte;
		if (!hex[1])
			break;
	}
	send_frame(frame, length, arg_number(args, 2, 1));
}

// True when it names the address anywhere: as a sender, a target, or in what it quotes.
static bool names(const unsigned char *frame, size_t length, const char *address)
{
	unsigned char bytes[16];
	size_t size = 0;
	if (address && inet_pton(AF_INET, address, bytes) == 1)
		size = 4;
	else if (address && inet_pton(AF_INET6, address, bytes) == 1)
		size = 16;
	return size && memmem(frame, length, bytes, size);
}

// sniff SECONDS [src=MAC [about=ADDR4 about6=ADDR6]]: how many frames came in, how many of them from that MAC (and naming one
// of the addresses), and the start of the first of those.
void op_sniff(const struct args *args)
{
	unsigned char frame[2048], mac[6];
	char first[2 * 96 + 1] = "";
	long frames = 0, matching = 0;
	const char *four = option(args, "about"), *six = option(args, "about6");
	bool filter = parse_mac(option(args, "src"), mac);
	int fd = packet_socket();
	for (int64_t end = now_ms() + arg_number(args, 1, 1) * 1000, left; fd >= 0 && (left = end - now_ms()) > 0;) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		if (poll(&wait, 1, (int)left) <= 0)
			break;
		ssize_t got = recvfrom(fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		if (got < ETH_HLEN || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		frames++;
		if (!filter || memcmp(frame + 6, mac, 6) != 0)
			continue;
		if ((four || six) && !names(frame, (size_t)got, four) && !names(frame, (size_t)got, six))
			continue;
		for (ssize_t i = 0; matching == 0 && i < got && i < 96; i++)
			sprintf(first + 2 * i, "%02x", frame[i]);
		matching++;
	}
	reply_bool("ok", fd >= 0);
	reply_number("frames", frames);
	reply_number("matching", matching);
	reply_text("first", first);
}

// addr add|del ADDR/LENGTH
void op_addr(const struct args *args)
{
	char command[256];
	const char *verb = arg(args, 1), *address = arg(args, 2);
	bool good = verb && address && (strcmp(verb, "add") == 0 || strcmp(verb, "del") == 0);
	snprintf(command, sizeof(command), "ip addr %s '%s' dev %s", good ? verb : "", good ? address : "", DEVICE);
	good = good && system(command) == 0;
	reply_bool("ok", good);
	reply_text("error", good ? "" : "addr add|del ADDR/LENGTH");
}

// sh COMMAND...: whatever else a test needs of the guest.
void op_sh(const struct args *args)
{
	static char output[60 * 1024];
	char command[4096] = "";
	size_t used = 0;
	for (int i = 1; i < args->count && used < sizeof(command) - 1; i++)
		used += (size_t)snprintf(command + used, sizeof(command) - used, "%s ", args->word[i]);
	FILE *shell = popen(command, "r");
	size_t got = shell ? fread(output, 1, sizeof(output) - 1, shell) : 0;
	output[got] = '\0';
	int status = shell ? pclose(shell) : -1;
	reply_bool("ok", status == 0);
	reply_text("output", output);
}
