// A load for relays: datagrams through flows whose sockets the caller has made, connected and told the relay of (relay.py).
//
//   relayload RATE SECONDS SIZE BURST SEGMENTED HEADER TIMED CORES SEND:RECEIVE...
//
// RATE       datagrams a second over all flows; 0 for as many as there can be. A sender that was kept from sending does not
//            make up for it: that would be a burst that nobody asked for
// SIZE       bytes of data in each, 8 or more: they begin with the time at which they were sent
// BURST      datagrams of one flow that go with one system call
// SEGMENTED  1: a burst is one message that the kernel cuts (UDP_SEGMENT), and what arrives may be put together (UDP_GRO)
// HEADER     1: what is sent begins with ChannelData's four bytes, for channel 0x4000; what is received then does not; 2: the
//            other way round; 3: both do; 0: neither does; 5: as 1, but a burst's datagrams are for one channel each, from
//            0x4000 on
// TIMED      1: delays are measured, until the kernel puts a datagram into the receiving socket (SO_TIMESTAMPNS): when the
//            receiver comes to read it is not the relay's matter
// CORES      the receiver's and then the senders' cores, separated by commas: so many threads there are
// SEND:RECEIVE  the flow's two sockets, as numbers of open files
//
// Prints one line: datagrams sent, refused by the kernel, received while they were being sent, and received in all; the
// seconds that sending took; of the delays the median and the 99th percentile in microseconds; and the milliseconds for which
// the senders and the receiver were held up, each time for more than a tenth of one: other things had their cores.
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

enum { BATCH = 64, ROOM = 65536, HEADER = 4, CONTROL = 128, SLOTS = 1 << 20, HELD_UP = 100000, LATE = 100000 };

static double rate, seconds;
static int size, burst, send_header, receive_header;
static bool segmented, timed, many_channels;
// The receiver has its core not for itself: nobody spins there for longer than one turn, least of all under SCHED_FIFO, where
// who spins keeps the other one from ever running.
static bool is_shared;
static int flow_count, sender_count;
static int cores[16];
static struct {
    int send, receive;
} flows[4096];
static atomic_ullong sent, refused, received, last_sending, senders_held, receiver_held;
static atomic_bool over;
// Of each tenth of a microsecond, how many datagrams took so long.
static unsigned int delays[SLOTS];

static uint64_t now(void) {
    struct timespec clock;
    // The clock of the kernel's stamps.
    clock_gettime(CLOCK_REALTIME, &clock);
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
        unsigned char header[HEADER] = {0x40, many_channels ? index : 0, size >> 8, size & 0xFF};
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
    uint64_t start = now(), end = start + (uint64_t)(seconds * 1e9), time, last = start, held = 0;
    // Nanoseconds from one burst to the next, and from the start until the next one is due.
    double interval = rate > 0 ? 1e9 * burst * sender_count / rate : 0, due = interval * number / sender_count;
    unsigned long long done = 0, failed = 0;
    int flow = number;
    for (; (time = now()) < end; last = time) {
        if (time - last > HELD_UP) held += time - last;
        if (is_shared) sched_yield();
        double elapsed = time - start;
        if (elapsed < due) continue;
        due = (elapsed - due > LATE ? elapsed : due) + interval;
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
    atomic_fetch_add(&senders_held, held);
    atomic_store(&last_sending, now() - start);
    free(bytes);
    return NULL;
}

static void take_time(const unsigned char *bytes, int length, const struct timespec *arrival) {
    uint64_t stamp;
    int head = receive_header ? HEADER : 0;
    if (length < head + (int)sizeof stamp) return;
    memcpy(&stamp, bytes + head, sizeof stamp);
    uint64_t slot = ((uint64_t)arrival->tv_sec * 1000000000 + arrival->tv_nsec - stamp) / 100;
    delays[slot < SLOTS ? slot : SLOTS - 1] += 1;
}

// Receives all the time, without sleeping.
static void *run_receiver(void *argument) {
    (void)argument;
    pin(cores[0]);
    int poll = epoll_create1(0);
    for (int index = 0; index < flow_count; index++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = flows[index].receive};
        epoll_ctl(poll, EPOLL_CTL_ADD, flows[index].receive, &event);
    }
    unsigned char *memory = malloc((size_t)BATCH * ROOM);
    char controls[BATCH][CONTROL];
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
    uint64_t last = now(), held = 0;
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        uint64_t time = now();
        if (time - last > HELD_UP) held += time - last;
        last = time;
        int ready = epoll_wait(poll, events, BATCH, 0);
        if (ready <= 0 && is_shared) sched_yield();
        for (int event = 0; event < ready; event++) {
            for (int index = 0; index < BATCH; index++) messages[index].msg_hdr.msg_controllen = CONTROL;
            int count = recvmmsg(events[event].data.fd, messages, BATCH, MSG_DONTWAIT, NULL);
            unsigned long long taken = 0;
            for (int index = 0; index < count; index++) {
                int length = messages[index].msg_len, piece = length;
                struct timespec arrival = {0};
                struct cmsghdr *control = CMSG_FIRSTHDR(&messages[index].msg_hdr);
                for (; control; control = CMSG_NXTHDR(&messages[index].msg_hdr, control)) {
                    if (control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO)
                        memcpy(&piece, CMSG_DATA(control), sizeof piece);
                    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS)
                        memcpy(&arrival, CMSG_DATA(control), sizeof arrival);
                }
                taken += length > piece ? (length + piece - 1) / piece : 1;
                if (timed) take_time(vectors[index].iov_base, length, &arrival);
            }
            atomic_fetch_add_explicit(&received, taken, memory_order_relaxed);
        }
    }
    atomic_store(&receiver_held, held);
    free(memory);
    return NULL;
}

static double percentile(double part) {
    unsigned long long all = 0, seen = 0;
    for (int slot = 0; slot < SLOTS; slot++) all += delays[slot];
    unsigned long long wanted = (unsigned long long)(all * part);
    for (int slot = 0; slot < SLOTS; slot++)
        if ((seen += delays[slot]) > wanted) return slot / 10.0;
    return 0;
}

int main(int count, char **arguments) {
    if (count < 10) {
        fprintf(stderr, "usage: relayload RATE SECONDS SIZE BURST SEGMENTED HEADER TIMED CORES SEND:RECEIVE...\n");
        return 2;
    }
    rate = atof(arguments[1]);
    seconds = atof(arguments[2]);
    size = atoi(arguments[3]);
    burst = atoi(arguments[4]);
    segmented = atoi(arguments[5]);
    int header = atoi(arguments[6]);
    send_header = header & 1;
    receive_header = header >> 1 & 1;
    many_channels = header >> 2 & 1;
    timed = atoi(arguments[7]);
    for (char *core = strtok(arguments[8], ","); core; core = strtok(NULL, ",")) cores[sender_count++] = atoi(core);
    sender_count -= 1;
    for (int number = 0; number < sender_count; number++) is_shared |= cores[1 + number] == cores[0];
    for (int index = 9; index < count; index++, flow_count++)
        sscanf(arguments[index], "%d:%d", &flows[flow_count].send, &flows[flow_count].receive);
    if (burst < 1 || burst > BATCH || size < 8 || sender_count < 1 || flow_count < 1) return 2;
    for (int index = 0; index < flow_count; index++) {
        int buffer = 8 << 20, piece = segmented ? size + (send_header ? HEADER : 0) : 0, put_together = segmented, stamps = timed;
        setsockopt(flows[index].receive, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
        setsockopt(flows[index].send, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
        setsockopt(flows[index].send, SOL_UDP, UDP_SEGMENT, &piece, sizeof piece);
        setsockopt(flows[index].receive, SOL_UDP, UDP_GRO, &put_together, sizeof put_together);
        setsockopt(flows[index].receive, SOL_SOCKET, SO_TIMESTAMPNS, &stamps, sizeof stamps);
    }
    pthread_t receiver, senders[16];
    pthread_create(&receiver, NULL, run_receiver, NULL);
    for (int number = 0; number < sender_count; number++)
        pthread_create(senders + number, NULL, run_sender, (void *)(intptr_t)number);
    for (int number = 0; number < sender_count; number++) pthread_join(senders[number], NULL);
    unsigned long long in_time = atomic_load(&received);
    // What is still under way.
    usleep(100000);
    atomic_store(&over, true);
    pthread_join(receiver, NULL);
    printf("%llu %llu %llu %llu %.6f %.1f %.1f %.1f %.1f\n", (unsigned long long)sent, (unsigned long long)refused, in_time,
           (unsigned long long)received, last_sending * 1e-9, percentile(0.5), percentile(0.99), senders_held * 1e-6,
           receiver_held * 1e-6);
    return 0;
}
