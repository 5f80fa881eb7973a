/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/crew.h"

#include <assert.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS WC_MS(100)

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    uint32_t at_work;
    void (*work)(void *ctx, uint32_t index);
    void *ctx;
};

struct member {
    struct crew *crew;
    uint32_t index;
    pthread_t thread;
};

uint32_t wc_crew_size(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1)
        return 1;
    return processors > (long)WC_CREW_MAX ? WC_CREW_MAX : (uint32_t)processors;
}

static void *run(void *arg)
{
    const struct member *m = arg;
    m->crew->work(m->crew->ctx, m->index);
    pthread_mutex_lock(&m->crew->lock);
    m->crew->at_work--;
    pthread_cond_signal(&m->crew->ended);
    pthread_mutex_unlock(&m->crew->lock);
    return NULL;
}

/* Until all have ended, or for a while. */
static bool wait_a_while(struct crew *crew)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + LOOK_NS;
    until.tv_sec += (time_t)(ns / WC_S(1));
    until.tv_nsec = (long)(ns % WC_S(1));
    pthread_mutex_lock(&crew->lock);
    int error = 0;
    while (crew->at_work && !error)
        error = pthread_cond_timedwait(&crew->ended, &crew->lock, &until);
    bool at_work = crew->at_work > 0;
    pthread_mutex_unlock(&crew->lock);
    return at_work;
}

static void crew_init(struct crew *crew, uint32_t count)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    crew->at_work = count;
}

enum wc_err wc_crew_run(uint32_t count, void (*work)(void *ctx, uint32_t index),
                        void (*look)(void *ctx), void *ctx)
{
    assert(count >= 1 && count <= WC_CREW_MAX);
    struct crew crew = {.work = work, .ctx = ctx};
    struct member members[WC_CREW_MAX];
    crew_init(&crew, count);
    uint32_t started = 0;
    for (; started < count; started++) {
        members[started] = (struct member){.crew = &crew, .index = started};
        if (pthread_create(&members[started].thread, NULL, run, &members[started]))
            break;
    }
    pthread_mutex_lock(&crew.lock);
    crew.at_work -= count - started;
    pthread_mutex_unlock(&crew.lock);
    while (wait_a_while(&crew))
        look(ctx);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(members[i].thread, NULL);
    pthread_mutex_destroy(&crew.lock);
    pthread_cond_destroy(&crew.ended);
    return started ? WC_OK : WC_E_SYS;
}
