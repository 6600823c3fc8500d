/* The limit: a day of calls as a C program with an event heap. It reads the same table of variates as every
 * other row of bench/simulation.py and must find the same fate for every call.
 *
 *     heap TABLE TIMES OUT
 *
 * TABLE: int64 days, int64 groups, then per group int64 size, int64 types (a bit mask), then per day int64
 * calls and the columns arrival, talk, patience (ms) and type. OUT: per call an int64, the wait in ms when
 * it was answered, else its complement. Prints the CPU time of the TIMES repetitions in ns and the peak of
 * its memory in kB.
 *
 * Rules: an agent takes the oldest call he can serve; a call takes the agent who is idle longest, ties by
 * his number; what is due at one moment happens in the order in which it was asked for, arrivals first.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TYPES 8
#define GROUPS 8

typedef struct {
    int64_t at, order;
    int32_t call, agent; /* agent < 0: the patience of the call is over */
} Event;

typedef struct {
    int64_t since;
    int32_t agent;
} Idle;

typedef struct {
    Idle *ring; /* in the order in which they are chosen */
    int64_t head, count, size, types;
} Group;

static int64_t days, groups, agents, order, now;
static Group group[GROUPS];
static int32_t *group_of;
static Event *heap;
static int64_t pending;
static int64_t *arrival, *talk, *patience, *type, *fate;
static int32_t *queue[TYPES]; /* calls of a type in the order of arrival; those that left are skipped */
static int64_t first[TYPES], last[TYPES];

static void die(const char *why) {
    fprintf(stderr, "heap: %s\n", why);
    exit(2);
}

static void *room(size_t bytes) {
    void *found = malloc(bytes ? bytes : 1);
    if (!found) die("out of memory");
    return found;
}

static int sooner(const Event *a, const Event *b) {
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void ask(int64_t at, int32_t call, int32_t agent) {
    Event event = {at, order++, call, agent};
    int64_t hole = pending++;
    while (hole && sooner(&event, &heap[(hole - 1) / 2])) {
        heap[hole] = heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap[hole] = event;
}

static Event next_event(void) {
    Event top = heap[0], moved = heap[--pending];
    int64_t hole = 0;
    for (;;) {
        int64_t child = 2 * hole + 1;
        if (child >= pending) break;
        if (child + 1 < pending && sooner(&heap[child + 1], &heap[child])) child++;
        if (!sooner(&heap[child], &moved)) break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = moved;
    return top;
}

static int goes_before(Idle a, Idle b) {
    return a.since < b.since || (a.since == b.since && a.agent < b.agent);
}

static void rest(int32_t agent) {
    Group *of = &group[group_of[agent]];
    Idle idle = {now, agent};
    int64_t at = of->count++;
    while (at && goes_before(idle, of->ring[(of->head + at - 1) % of->size])) {
        of->ring[(of->head + at) % of->size] = of->ring[(of->head + at - 1) % of->size];
        at--;
    }
    of->ring[(of->head + at) % of->size] = idle;
}

static void answer(int32_t call, int32_t agent) {
    fate[call] = now - arrival[call];
    ask(now + talk[call], call, agent);
}

static void arrive(int32_t call) {
    Group *best = NULL;
    for (int64_t number = 0; number < groups; number++) {
        Group *one = &group[number];
        if (one->count && (one->types >> type[call] & 1) &&
            (!best || goes_before(one->ring[one->head], best->ring[best->head])))
            best = one;
    }
    fate[call] = INT64_MIN;
    ask(now + patience[call], call, -1);
    if (best) {
        int32_t agent = best->ring[best->head].agent;
        best->head = (best->head + 1) % best->size;
        best->count--;
        answer(call, agent);
    } else {
        queue[type[call]][last[type[call]]++] = call;
    }
}

static void finish(int32_t agent) {
    int64_t found = -1, types = group[group_of[agent]].types;
    for (int64_t kind = 0; types >> kind; kind++) {
        if (!(types >> kind & 1)) continue;
        while (first[kind] < last[kind] && fate[queue[kind][first[kind]]] != INT64_MIN) first[kind]++;
        if (first[kind] < last[kind] &&
            (found < 0 || queue[kind][first[kind]] < queue[found][first[found]]))
            found = kind;
    }
    if (found < 0)
        rest(agent);
    else
        answer(queue[found][first[found]++], agent);
}

static void play(int64_t calls) {
    int64_t came = 0;
    pending = order = now = 0;
    for (int64_t number = 0; number < groups; number++) group[number].head = group[number].count = 0;
    for (int64_t kind = 0; kind < TYPES; kind++) first[kind] = last[kind] = 0;
    for (int32_t agent = 0; agent < agents; agent++) rest(agent);
    while (came < calls || pending) {
        if (came < calls && (!pending || arrival[came] <= heap[0].at)) {
            now = arrival[came];
            arrive((int32_t)came++);
            continue;
        }
        Event event = next_event();
        now = event.at;
        if (event.agent >= 0)
            finish(event.agent);
        else if (fate[event.call] == INT64_MIN)
            fate[event.call] = ~(now - arrival[event.call]);
    }
}

static int64_t *numbers(FILE *file, int64_t count) {
    int64_t *found = room((size_t)count * sizeof(int64_t));
    if (fread(found, sizeof(int64_t), (size_t)count, file) != (size_t)count) die("the table is too short");
    return found;
}

static int64_t number(FILE *file) {
    int64_t *found = numbers(file, 1), value = *found;
    free(found);
    return value;
}

static void read_groups(FILE *file) {
    for (int64_t one = 0; one < groups; one++) {
        group[one].size = number(file);
        group[one].types = number(file);
        group[one].ring = room((size_t)group[one].size * sizeof(Idle));
        agents += group[one].size;
    }
    group_of = room((size_t)agents * sizeof(int32_t));
    for (int64_t one = 0, agent = 0; one < groups; one++)
        for (int64_t member = 0; member < group[one].size; member++) group_of[agent++] = (int32_t)one;
}

static int64_t cpu_ns(void) {
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return spent.tv_sec * 1000000000LL + spent.tv_nsec;
}

/* Not getrusage: its peak includes that of the process that started us. */
static long peak_kb(void) {
    char line[256];
    long found = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "VmHWM:", 6)) found = atol(line + 6);
    if (status) fclose(status);
    return found;
}

int main(int argc, char **argv) {
    if (argc != 4) die("usage: heap TABLE TIMES OUT");
    FILE *file = fopen(argv[1], "rb"), *out = fopen(argv[3], "wb");
    int64_t times = atoll(argv[2]), spent_ns = 0;
    if (!file || !out) die("cannot open the files");
    days = number(file);
    groups = number(file);
    if (groups > GROUPS) die("too many groups");
    read_groups(file);
    for (int64_t day = 0; day < days; day++) {
        int64_t calls = number(file);
        int64_t *columns = numbers(file, 4 * calls);
        arrival = columns, talk = columns + calls, patience = columns + 2 * calls, type = columns + 3 * calls;
        fate = room((size_t)calls * sizeof(int64_t));
        heap = room((size_t)(2 * calls + 1) * sizeof(Event));
        for (int64_t kind = 0; kind < TYPES; kind++) queue[kind] = room((size_t)calls * sizeof(int32_t));
        int64_t began_ns = cpu_ns();
        for (int64_t time = 0; time < times; time++) play(calls);
        spent_ns += cpu_ns() - began_ns;
        fwrite(fate, sizeof(int64_t), (size_t)calls, out);
        for (int64_t kind = 0; kind < TYPES; kind++) free(queue[kind]);
        free(heap), free(fate), free(columns);
    }
    fclose(out);
    printf("%lld %ld\n", (long long)spent_ns, peak_kb());
    return 0;
}
