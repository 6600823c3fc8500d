"""The compiled part of the kernel: one day of calls in plain arrays, decision for decision as the engine.

What is asked for keeps the order of asking, as in `simulation.loop`, so that ties within a millisecond fall
alike. Moments are ms since the beginning of the scenario. The functions take arrays one by one, because a
tuple of arrays would be counted and released at every call (ten times the work itself), and are put into
their callers, because a call that hands over eight arrays costs as much as the work.

c  contacts in the order of arrival, a row each: columns ARRIVAL … DELAY (as many as there are delays)
a  agents, a row each: columns READY … CAN (one per bucket)
b  lists, a row each: those who wait in a bucket (entry), with columns CLASS … LAST, and last the idle agents
h  what was asked for: a heap of moments and orders in one number; w says by order what it is
d  the engine's deadlines: a heap of moments and numbers of offers; o says by number whose it is
k  counters
"""

from simulation.kernel.heap import Integers, Whole, compiled, inlined, pop, push

NEVER = 1 << 62
LOW = 0xFFFFFFFF
"""The lower half of a key: the order, or the number of the offer."""

BEFORE, AFTER = range(2)
"""Of contacts and agents alike: the neighbours in the list, -1 at its ends."""

ARRIVAL, BUCKET, TALK, WRAP_UP, WRAP_UP_ENDS, PATIENCE, STATE, OFFERS, NUMBER = range(2, 11)
AGENT, ANSWERED, LEFT, DONE, DELAY = range(11, 16)
"""Of a contact. AGENT … DONE are its fate, -1 where it does not apply; PATIENCE below 0: without end."""

READY, SERVING, IDLE_SINCE, CAN = range(2, 6)
"""Of an agent."""

CLASS, HEAD_START, TARGET, FIRST, LAST = range(5)
"""Of a bucket."""

CALLS, DUE, ASKED, OFFERED, NOW, DELAYS, COUNTERS = range(7)
"""Of the counters."""

GIVES_UP, ANSWERS, TALKED, WRAPPED = range(4)
"""What can have been asked for."""

COMING, WAITING, RINGING, TALKING, GONE = range(5)
"""States of a contact."""

COME_BACK, SIGN_OUT, SIGN_IN, BREAK = range(4)
"""Turns of an agent, in the order in which they happen within a moment."""

NO_WRAP_UP, BY_DEADLINE, BY_CALL = range(3)
"""What ends a wrap-up: nothing, a deadline of the engine, the agent."""


@inlined
def ordered(k: Integers, at: Whole) -> Whole:
    """The key of something that is asked for now and happens at `at`."""
    k[ASKED] += 1
    key: Whole = (at << 32) | k[ASKED]
    return key


@inlined
def ask(k: Integers, h: Integers, w: Integers, at: Whole, what: Whole) -> None:
    push(h, k[CALLS], ordered(k, at))
    w[k[ASKED]] = what
    k[CALLS] += 1


@inlined
def link(rows: Integers, b: Integers, which: Whole, who: Whole, place: Whole) -> None:
    """Into a list, behind `place`; -1: as its first."""
    following = b[which, FIRST] if place < 0 else rows[place, AFTER]
    rows[who, BEFORE], rows[who, AFTER] = place, following
    if place < 0:
        b[which, FIRST] = who
    else:
        rows[place, AFTER] = who
    if following < 0:
        b[which, LAST] = who
    else:
        rows[following, BEFORE] = who


@inlined
def unlink(rows: Integers, b: Integers, which: Whole, who: Whole) -> None:
    place, following = rows[who, BEFORE], rows[who, AFTER]
    if place < 0:
        b[which, FIRST] = following
    else:
        rows[place, AFTER] = following
    if following < 0:
        b[which, LAST] = place
    else:
        rows[following, BEFORE] = place


@inlined
def wait(c: Integers, b: Integers, contact: Whole) -> None:
    """Into its bucket, at the place that its arrival gives it: nearly always the last."""
    place = b[c[contact, BUCKET], LAST]
    while place > contact:
        place = c[place, BEFORE]
    link(c, b, c[contact, BUCKET], contact, place)
    c[contact, STATE] = WAITING


@inlined
def rest(a: Integers, b: Integers, agent: Whole) -> None:
    """Among the idle, at the place of who is idle since then: nearly always the last."""
    idle = len(b) - 1
    since, place = a[agent, IDLE_SINCE], b[idle, LAST]
    while place >= 0 and (a[place, IDLE_SINCE] > since or (a[place, IDLE_SINCE] == since and place > agent)):
        place = a[place, BEFORE]
    link(a, b, idle, agent, place)


@inlined
def goes_before(c: Integers, b: Integers, now: Whole, one: Whole, other: Whole) -> bool:
    """Whether contact `one` is served before `other`: class, used share of the target, number."""
    p, q = c[one, BUCKET], c[other, BUCKET]
    if b[p, CLASS] != b[q, CLASS]:
        return bool(b[p, CLASS] < b[q, CLASS])
    share = (now - c[one, ARRIVAL] + b[p, HEAD_START]) * b[q, TARGET]
    other_share = (now - c[other, ARRIVAL] + b[q, HEAD_START]) * b[p, TARGET]
    return bool(share > other_share or (share == other_share and one < other))


@inlined
def offer(
    k: Integers, h: Integers, w: Integers, c: Integers, a: Integers, contact: Whole, agent: Whole
) -> None:
    k[OFFERED] += 1
    c[contact, NUMBER], c[contact, AGENT], a[agent, SERVING] = k[OFFERED], agent, contact
    if k[DELAYS] == 0:
        talk(k, h, w, c, contact)
        return
    column = min(c[contact, OFFERS], k[DELAYS] - 1)
    c[contact, OFFERS] += 1
    c[contact, STATE] = RINGING
    ask(k, h, w, k[NOW] + c[contact, DELAY + column], (ANSWERS << 56) | (c[contact, OFFERS] << 40) | contact)


@inlined
def talk(k: Integers, h: Integers, w: Integers, c: Integers, contact: Whole) -> None:
    c[contact, STATE], c[contact, ANSWERED] = TALKING, k[NOW]
    ask(k, h, w, k[NOW] + c[contact, TALK], (TALKED << 56) | contact)


@inlined
def serve_contact(
    k: Integers, h: Integers, w: Integers, c: Integers, a: Integers, b: Integers, contact: Whole
) -> bool:
    """Offer it to the agent who is idle longest of those who may serve it; whether there is one."""
    agent, bucket = b[len(b) - 1, FIRST], c[contact, BUCKET]
    while agent >= 0 and a[agent, CAN + bucket] == 0:
        agent = a[agent, AFTER]
    if agent < 0:
        return False
    unlink(a, b, len(b) - 1, agent)
    offer(k, h, w, c, a, contact, agent)
    return True


@inlined
def serve_agent(
    k: Integers, h: Integers, w: Integers, c: Integers, a: Integers, b: Integers, agent: Whole
) -> None:
    """Offer a free agent the best contact that waits for him; else he is idle."""
    if a[agent, READY] == 0 or a[agent, SERVING] >= 0:
        return
    best = -1
    for bucket in range(len(b) - 1):
        head = b[bucket, FIRST]
        if head < 0 or a[agent, CAN + bucket] == 0:
            continue
        if best < 0 or goes_before(c, b, k[NOW], head, best):
            best = head
    if best < 0:
        rest(a, b, agent)
    else:
        unlink(c, b, c[best, BUCKET], best)
        offer(k, h, w, c, a, best, agent)


@inlined
def arrive(
    k: Integers, h: Integers, w: Integers, c: Integers, a: Integers, b: Integers, contact: Whole
) -> None:
    if not serve_contact(k, h, w, c, a, b, contact):
        wait(c, b, contact)
    if c[contact, PATIENCE] >= 0 and c[contact, STATE] != TALKING:
        ask(k, h, w, c[contact, ARRIVAL] + c[contact, PATIENCE], (GIVES_UP << 56) | contact)


@inlined
def give_up(
    k: Integers, h: Integers, w: Integers, c: Integers, a: Integers, b: Integers, contact: Whole
) -> None:
    """The caller hangs up, if he still waits; who was rung for him is free again."""
    state = c[contact, STATE]
    if state not in (WAITING, RINGING):
        return
    c[contact, STATE], c[contact, LEFT] = GONE, k[NOW]
    if state == WAITING:
        unlink(c, b, c[contact, BUCKET], contact)
        return
    agent = c[contact, AGENT]
    c[contact, AGENT], a[agent, SERVING] = -1, -1
    serve_agent(k, h, w, c, a, b, agent)


@inlined
def hang_up(
    k: Integers,
    h: Integers,
    w: Integers,
    d: Integers,
    o: Integers,
    c: Integers,
    a: Integers,
    b: Integers,
    contact: Whole,
) -> None:
    """The talk is over: wrap-up, or on to the next one."""
    ends, over = c[contact, WRAP_UP_ENDS], k[NOW] + c[contact, WRAP_UP]
    if ends == NO_WRAP_UP:
        finish(k, h, w, c, a, b, contact)
    elif ends == BY_CALL:
        ask(k, h, w, over, (WRAPPED << 56) | contact)
    else:
        push(d, k[DUE], (over << 32) | c[contact, NUMBER])
        o[c[contact, NUMBER]] = contact
        k[DUE] += 1


@inlined
def finish(
    k: Integers, h: Integers, w: Integers, c: Integers, a: Integers, b: Integers, contact: Whole
) -> None:
    agent = c[contact, AGENT]
    c[contact, STATE], c[contact, DONE] = GONE, k[NOW]
    a[agent, SERVING], a[agent, IDLE_SINCE] = -1, k[NOW]
    serve_agent(k, h, w, c, a, b, agent)


@inlined
def turn(
    k: Integers, h: Integers, w: Integers, c: Integers, a: Integers, b: Integers, kind: Whole, agent: Whole
) -> None:
    """An agent comes or goes."""
    if kind in (SIGN_IN, COME_BACK):
        a[agent, READY], a[agent, IDLE_SINCE] = 1, k[NOW]
        serve_agent(k, h, w, c, a, b, agent)
        return
    contact = a[agent, SERVING]
    if contact < 0 and a[agent, READY] == 1:
        unlink(a, b, len(b) - 1, agent)
    a[agent, READY] = 0
    if contact >= 0 and c[contact, STATE] == RINGING:
        a[agent, SERVING], c[contact, AGENT] = -1, -1
        if not serve_contact(k, h, w, c, a, b, contact):
            wait(c, b, contact)


@inlined
def happen(
    k: Integers,
    h: Integers,
    w: Integers,
    d: Integers,
    o: Integers,
    c: Integers,
    a: Integers,
    b: Integers,
    what: Whole,
) -> None:
    """What had been asked for."""
    kind, number, contact = what >> 56, (what >> 40) & 0xFFFF, what & 0xFFFFFFFFFF
    if kind == GIVES_UP:
        give_up(k, h, w, c, a, b, contact)
    elif kind == TALKED:
        hang_up(k, h, w, d, o, c, a, b, contact)
    elif kind == WRAPPED:
        finish(k, h, w, c, a, b, contact)
    elif c[contact, STATE] == RINGING and c[contact, OFFERS] == number:
        talk(k, h, w, c, contact)


@compiled
def run(
    k: Integers,
    h: Integers,
    w: Integers,
    d: Integers,
    o: Integers,
    c: Integers,
    a: Integers,
    b: Integers,
    turns: Integers,
    until: Whole,
) -> None:
    """Everything that is due before `until`, deadlines before the calls of their moment.

    `turns`: rows of (moment, kind, agent), sorted.
    """
    came, turned = 0, 0
    next_turn = ordered(k, turns[0, 0]) if len(turns) else NEVER
    next_arrival = ordered(k, c[0, ARRIVAL]) if len(c) else NEVER
    while True:
        next_call = h[0] if k[CALLS] else NEVER
        key = min(next_turn, next_arrival, next_call)
        if k[DUE] and (d[0] >> 32) <= (key >> 32):
            if (d[0] >> 32) >= until:
                return
            k[NOW], k[DUE] = d[0] >> 32, k[DUE] - 1
            finish(k, h, w, c, a, b, o[pop(d, k[DUE]) & LOW])
            continue
        if (key >> 32) >= until:
            return
        k[NOW] = key >> 32
        if key == next_call:
            k[CALLS] -= 1
            happen(k, h, w, d, o, c, a, b, w[pop(h, k[CALLS]) & LOW])
        elif key == next_arrival:
            arrive(k, h, w, c, a, b, came)
            came += 1
            next_arrival = ordered(k, c[came, ARRIVAL]) if came < len(c) else NEVER
        else:
            turn(k, h, w, c, a, b, turns[turned, 1], turns[turned, 2])
            turned += 1
            next_turn = ordered(k, turns[turned, 0]) if turned < len(turns) else NEVER
