// A load for relays: datagrams through flows whose sockets the caller has made, connected and told the relay of (relay.py).
//
//   relayload RATE SECONDS SIZE BURST SEGMENTED HEADER CORES SEND:RECEIVE...
//
// RATE       datagrams a second over all flows; 0 for as many as there can be
// SIZE       bytes of data in each, 8 or more: they begin with the time at which they were sent
// BURST      datagrams of one flow that go with one system call
// SEGMENTED  1: a burst is one message that the kernel cuts (UDP_SEGMENT), and what arrives may be put together (UDP_GRO)
// HEADER     1: what is sent begins with ChannelData's four bytes, for channel 0x4000; what is received then does not; 2: the
//            other way round; 3: both do; 0: neither does
// CORES      the receiver's and then the senders' cores, separated by commas: so many threads there are
// SEND:RECEIVE  the flow's two sockets, as numbers of open files
//
// Prints one line: datagrams sent, refused by the kernel, and received, the seconds that sending took, and of the delays the
// median and the 99th percentile in microseconds.
#define _GNU_SOURCE 1
#include <errno.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 65536, HEADER = 4, SLOTS = 1 << 20 };

static double rate, seconds;
static int size, burst, send_header, receive_header;
static bool segmented;
static int flow_count, sender_count;
static int cores[16];
static struct {
    int send, receive;
} flows[4096];
static atomic_ullong sent, refused, last_sending;
static atomic_bool over;
static unsigned long long received;
// Of each tenth of a microsecond, how many datagrams took so long.
static unsigned int delays[SLOTS];

static uint64_t now(void) {
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return (uint64_t)clock.tv_sec * 1000000000 + clock.tv_nsec;
}

static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// Sends through each of its flows in turn, never ahead of its share of the rate.
static void *run_sender(void *argument) {
    int number = (int)(intptr_t)argument;
    pin(cores[1 + number]);
    int length = (send_header ? HEADER : 0) + size;
    unsigned char *bytes = calloc(burst, length);
    for (int index = 0; index < burst && send_header; index++) {
        unsigned char header[HEADER] = {0x40, 0x00, size >> 8, size & 0xFF};
        memcpy(bytes + index * length, header, HEADER);
    }
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
    memset(messages, 0, sizeof messages);
    int message_count = segmented ? 1 : burst;
    for (int index = 0; index < message_count; index++) {
        vectors[index].iov_base = bytes + index * length;
        vectors[index].iov_len = segmented ? (size_t)burst * length : (size_t)length;
        messages[index].msg_hdr.msg_iov = vectors + index;
        messages[index].msg_hdr.msg_iovlen = 1;
    }
    uint64_t start = now(), end = start + (uint64_t)(seconds * 1e9), time;
    double share = rate / sender_count;
    unsigned long long done = 0, failed = 0;
    int flow = number;
    while ((time = now()) < end) {
        if (rate > 0 && done + burst > (time - start) * 1e-9 * share + 1) continue;
        for (int index = 0; index < burst; index++)
            memcpy(bytes + index * length + (send_header ? HEADER : 0), &time, sizeof time);
        int count = sendmmsg(flows[flow].send, messages, message_count, 0);
        if (count < message_count) failed += (message_count - (count < 0 ? 0 : count)) * (segmented ? burst : 1);
        done += burst;
        flow += sender_count;
        if (flow >= flow_count) flow = number;
    }
    atomic_fetch_add(&sent, done - failed);
    atomic_fetch_add(&refused, failed);
    atomic_store(&last_sending, now() - start);
    free(bytes);
    return NULL;
}

static void take(const unsigned char *bytes, int length) {
    received += 1;
    uint64_t stamp;
    int head = receive_header ? HEADER : 0;
    if (length < head + (int)sizeof stamp) return;
    memcpy(&stamp, bytes + head, sizeof stamp);
    uint64_t slot = (now() - stamp) / 100;
    delays[slot < SLOTS ? slot : SLOTS - 1] += 1;
}

// Receives all the time, without sleeping: how fast it wakes up is not the relay's matter.
static void *run_receiver(void *argument) {
    (void)argument;
    pin(cores[0]);
    int poll = epoll_create1(0);
    for (int index = 0; index < flow_count; index++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = flows[index].receive};
        epoll_ctl(poll, EPOLL_CTL_ADD, flows[index].receive, &event);
    }
    unsigned char *memory = malloc((size_t)BATCH * ROOM);
    char controls[BATCH][64];
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
    memset(messages, 0, sizeof messages);
    for (int index = 0; index < BATCH; index++) {
        vectors[index] = (struct iovec){memory + (size_t)index * ROOM, ROOM};
        messages[index].msg_hdr.msg_iov = vectors + index;
        messages[index].msg_hdr.msg_iovlen = 1;
        messages[index].msg_hdr.msg_control = controls[index];
    }
    struct epoll_event events[BATCH];
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        int ready = epoll_wait(poll, events, BATCH, 0);
        for (int event = 0; event < ready; event++) {
            for (int index = 0; index < BATCH; index++) messages[index].msg_hdr.msg_controllen = segmented ? 64 : 0;
            int count = recvmmsg(events[event].data.fd, messages, BATCH, MSG_DONTWAIT, NULL);
            for (int index = 0; index < count; index++) {
                int length = messages[index].msg_len, piece = length;
                struct cmsghdr *control = CMSG_FIRSTHDR(&messages[index].msg_hdr);
                if (control && control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO)
                    memcpy(&piece, CMSG_DATA(control), sizeof piece);
                const unsigned char *bytes = vectors[index].iov_base;
                for (int offset = 0; offset < length; offset += piece)
                    take(bytes + offset, length - offset < piece ? length - offset : piece);
            }
        }
    }
    free(memory);
    return NULL;
}

static double percentile(double part) {
    unsigned long long wanted = (unsigned long long)(received * part), seen = 0;
    for (int slot = 0; slot < SLOTS; slot++)
        if ((seen += delays[slot]) > wanted) return slot / 10.0;
    return 0;
}

int main(int count, char **arguments) {
    if (count < 9) {
        fprintf(stderr, "usage: relayload RATE SECONDS SIZE BURST SEGMENTED HEADER CORES SEND:RECEIVE...\n");
        return 2;
    }
    rate = atof(arguments[1]);
    seconds = atof(arguments[2]);
    size = atoi(arguments[3]);
    burst = atoi(arguments[4]);
    segmented = atoi(arguments[5]);
    int header = atoi(arguments[6]);
    send_header = header & 1;
    receive_header = header >> 1;
    for (char *core = strtok(arguments[7], ","); core; core = strtok(NULL, ",")) cores[sender_count++] = atoi(core);
    sender_count -= 1;
    for (int index = 8; index < count; index++, flow_count++)
        sscanf(arguments[index], "%d:%d", &flows[flow_count].send, &flows[flow_count].receive);
    if (burst < 1 || burst > BATCH || size < 8 || sender_count < 1 || flow_count < 1) return 2;
    for (int index = 0; index < flow_count; index++) {
        int buffer = 8 << 20, piece = segmented ? size + (send_header ? HEADER : 0) : 0, put_together = segmented;
        setsockopt(flows[index].receive, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
        setsockopt(flows[index].send, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
        setsockopt(flows[index].send, SOL_UDP, UDP_SEGMENT, &piece, sizeof piece);
        setsockopt(flows[index].receive, SOL_UDP, UDP_GRO, &put_together, sizeof put_together);
    }
    pthread_t receiver, senders[16];
    pthread_create(&receiver, NULL, run_receiver, NULL);
    for (int number = 0; number < sender_count; number++)
        pthread_create(senders + number, NULL, run_sender, (void *)(intptr_t)number);
    for (int number = 0; number < sender_count; number++) pthread_join(senders[number], NULL);
    // What is still under way.
    usleep(100000);
    atomic_store(&over, true);
    pthread_join(receiver, NULL);
    printf("%llu %llu %llu %.6f %.1f %.1f\n", (unsigned long long)sent, (unsigned long long)refused, received,
           last_sending * 1e-9, percentile(0.5), percentile(0.99));
    return 0;
}
