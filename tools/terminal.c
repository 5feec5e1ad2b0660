/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "emu/error.h"
#include "tools/tool.h"

enum {
    KEY_END = 0x1d, /* Ctrl-] */
    KEPT_BYTES = 4096,
    /* How often a running guest's keyboard is looked at, and an idle guest's for a signal. */
    LOOK_US = 2000,
    WAIT_US = 100000,
};

struct terminal {
    bool tty, ended;
    char kept[KEPT_BYTES]; /* read, not typed yet */
    size_t kept_bytes;
    gint64 looked_us;
};

/* A signal handler and atexit() have no other way to know. */
static struct termios cooked, raw;
static volatile sig_atomic_t changed;

/* ------------------------------------------------------------------ the terminal's modes */

static void modes_restore(void)
{
    if (changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &cooked);
    changed = 0;
}

static void modes_set(void)
{
    changed = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void signal_default(int number)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t set;
    sigaction(number, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, number);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void on_deadly(int number)
{
    modes_restore();
    signal_default(number);
}

static void on_interrupt(int number)
{
    if (*tool_interrupted())
        on_deadly(number);
    else
        tool_interrupt();
}

static void on_continue(int number);
static void on_stop(int number)
{
    int saved = errno;
    const struct sigaction go_on = {.sa_handler = on_continue};
    modes_restore();
    sigaction(SIGCONT, &go_on, NULL);
    signal_default(number);
    errno = saved;
}

static void on_continue(int number)
{
    (void)number;
    int saved = errno;
    const struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGTSTP, &stop, NULL);
    modes_set();
    errno = saved;
}

static void signals_catch(void)
{
    static const int deadly[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV,
                                 SIGPIPE, SIGALRM, SIGXCPU, SIGXFSZ, SIGSYS, SIGUSR1, SIGUSR2};
    static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_deadly};
    for (size_t i = 0; i < G_N_ELEMENTS(deadly); i++)
        sigaction(deadly[i], &action, NULL);
    action.sa_handler = on_interrupt;
    for (size_t i = 0; i < G_N_ELEMENTS(interrupts); i++)
        sigaction(interrupts[i], &action, NULL);
    action.sa_handler = on_stop;
    sigaction(SIGTSTP, &action, NULL);
    action.sa_handler = on_continue;
    sigaction(SIGCONT, &action, NULL);
}

/* Every key is a byte and does nothing else. The output's modes stay, for our own lines. */
static bool modes_raw(void)
{
    if (tcgetattr(STDIN_FILENO, &cooked) != 0)
        return false;
    raw = cooked;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    atexit(modes_restore);
    signals_catch();
    modes_set();
    return true;
}

struct terminal *terminal_open(GError **error)
{
    struct stat info;
    bool tty = isatty(STDIN_FILENO);
    bool known = fstat(STDIN_FILENO, &info) == 0;
    if (!tty && !(known && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)))) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "--interactive: standard input is neither a terminal nor a pipe; a file is "
                    "typed by --input FILE");
        return NULL;
    }
    if (tty && !modes_raw()) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--interactive: standard input: %s",
                    g_strerror(errno));
        return NULL;
    }
    struct terminal *terminal = g_new0(struct terminal, 1);
    terminal->tty = tty;
    return terminal;
}

void terminal_close(struct terminal *terminal)
{
    modes_restore();
    g_free(terminal);
}

bool terminal_is_tty(const struct terminal *terminal)
{
    return terminal->tty;
}

/* ------------------------------------------------------------------ the typist */

/* Whoever sits at a terminal that is gone cannot go on. */
static void gone(struct terminal *terminal)
{
    terminal->ended = true;
    if (terminal->tty)
        tool_interrupt();
}

static void keys_read(struct terminal *terminal)
{
    char *into = terminal->kept + terminal->kept_bytes;
    ssize_t count = read(STDIN_FILENO, into, KEPT_BYTES - terminal->kept_bytes);
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
        gone(terminal);
    if (count <= 0)
        return;
    if (terminal->tty && memchr(into, KEY_END, (size_t)count) != NULL)
        tool_interrupt();
    else
        terminal->kept_bytes += (size_t)count;
}

/* Reads what is there within that time. */
static void keys_wait(struct terminal *terminal, gint64 wait_us)
{
    const struct timespec wait = {.tv_nsec = wait_us * 1000}; /* poll() has milliseconds */
    fd_set input;
    FD_ZERO(&input);
    FD_SET(STDIN_FILENO, &input);
    if (pselect(STDIN_FILENO + 1, &input, NULL, NULL, &wait, NULL) > 0)
        keys_read(terminal);
    terminal->looked_us = g_get_monotonic_time();
}

/* The guest idles, and so does the host; returns for how long. */
static uint64_t idle(struct terminal *terminal, uint64_t idle_cycles)
{
    gint64 begin = g_get_monotonic_time(), now = begin;
    gint64 end = idle_cycles / 1000 < G_MAXINT64 / 2 ? begin + (gint64)(idle_cycles / 1000)
                                                     : G_MAXINT64;
    while (terminal->kept_bytes == 0 && !terminal->ended && !*tool_interrupted() && now < end) {
        keys_wait(terminal, MIN(end - now, WAIT_US));
        now = terminal->looked_us;
    }
    return (uint64_t)(now - begin) * 1000;
}

static void keys_take(void *user, const struct typist_turn *turn, struct typist_answer *answer)
{
    struct terminal *terminal = user;
    bool due = g_get_monotonic_time() - terminal->looked_us >= LOOK_US;
    if (turn->idle_cycles != 0)
        answer->passed_cycles = idle(terminal, turn->idle_cycles);
    else if (due && !terminal->ended && terminal->kept_bytes < KEPT_BYTES)
        keys_wait(terminal, 0);
    answer->length = (uint32_t)MIN(turn->room, terminal->kept_bytes);
    memcpy(answer->bytes, terminal->kept, answer->length);
    terminal->kept_bytes -= answer->length;
    memmove(terminal->kept, terminal->kept + answer->length, terminal->kept_bytes);
    answer->ends = answer->length == 0 && terminal->kept_bytes == 0 && terminal->ended;
}

struct typist_source terminal_source(struct terminal *terminal)
{
    return (struct typist_source){.user = terminal, .take = keys_take, .live = true};
}
