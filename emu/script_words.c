/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/script.h"

#include <string.h>

#include "emu/error.h"

bool script_parse_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    gchar *end = NULL;
    if (!g_ascii_isdigit(text[0]))
        return false;
    guint64 value = g_ascii_strtoull(text, &end, 0);
    unsigned shift = 0;
    const char *unit = *end ? strchr(units, g_ascii_toupper(*end)) : NULL;
    if (unit != NULL) {
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
        if (end[0] == 'i' && end[1] == 'B')
            end += 2;
        else if (end[0] == 'B')
            end++;
    }
    if (*end != '\0' || value > (UINT64_MAX >> shift) || value == G_MAXUINT64)
        return false;
    *bytes = value << shift;
    return true;
}

/* Damerau-Levenshtein distance (with transpositions of neighbours), capped words. */
static unsigned word_distance(const char *a, const char *b)
{
    enum { WORD_MAX = 63 };
    unsigned row[3][WORD_MAX + 1];
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > WORD_MAX || b_length > WORD_MAX)
        return UINT32_MAX;
    unsigned *before = row[0], *above = row[1], *now = row[2];
    for (size_t j = 0; j <= b_length; j++)
        above[j] = (unsigned)j;
    memset(row[0], 0, sizeof(row[0]));
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = MIN(best, above[j] + 1);
            best = MIN(best, now[j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, before[j - 2] + 1);
            now[j] = best;
        }
        unsigned *oldest = before;
        before = above;
        above = now;
        now = oldest;
    }
    return above[b_length];
}

const char *script_nearest(const char *word, const char *const *candidates)
{
    const char *nearest = NULL;
    unsigned best = (unsigned)strlen(word) / 3 + 2; /* further away it is another word */
    for (; *candidates != NULL; candidates++) {
        unsigned distance = word_distance(word, *candidates);
        if (distance < best) {
            best = distance;
            nearest = *candidates;
        }
    }
    return nearest;
}

enum { SETTING_WORDS_MAX = 4 };
struct setting {
    const char *name;
    const char *meaning;
    const char *words[SETTING_WORDS_MAX]; /* in the order of the enumeration */
};

/* Order: setting_store(). */
static const struct setting settings[] = {
    {"pval_vmpl", "PVALIDATE at VMPL 1-3", {"gp", "permission"}},
    {"pval_c0", "RMP instructions through a C=0 mapping", {"pf", "gp", "fail_input"}},
    {"pval_npt", "nested permission RMP instructions need", {"read", "write"}},
    {"inuse_write", "a guest's store to a running VMSA", {"npf_retry", "allow"}},
    {"tlb_mode", "what RMP changes flush", {"arch", "hw"}},
    {"schedule", "which processor runs next", {"fair", "random"}},
    {"restricted_injection", "#HV is all that can be injected into VMPL0", {"off", "on"}},
};
static const size_t settings_count = G_N_ELEMENTS(settings);

static void setting_store(struct machine_config *config, size_t setting, int word)
{
    switch (setting) {
    case 0: config->rmp_config.pval_vmpl = (enum rmp_pval_vmpl)word; break;
    case 1: config->rmp_config.pval_c0 = (enum rmp_pval_c0)word; break;
    case 2: config->rmp_config.pval_npt = (enum rmp_pval_npt)word; break;
    case 3: config->rmp_config.inuse_write = (enum rmp_inuse_write)word; break;
    case 4: config->tlb_mode = (enum tlb_mode)word; break;
    case 5: config->schedule = (enum machine_schedule)word; break;
    default:
        config->sev_features &= ~SEV_FEATURE_RESTRICTED_INJECTION;
        config->sev_features |= word ? SEV_FEATURE_RESTRICTED_INJECTION : 0;
        break;
    }
}
_Static_assert(RMP_PVAL_VMPL_GP == 0 && RMP_PVAL_C0_PF == 0 && RMP_PVAL_NPT_READ == 0 &&
                   RMP_INUSE_WRITE_NPF_RETRY == 0 && TLB_ARCH == 0 && SCHEDULE_FAIR == 0,
               "the words stand in the order of the enumerations");

static char *words_join(const char *const *words)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < SETTING_WORDS_MAX && words[i] != NULL; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", words[i]);
    return g_string_free(text, FALSE);
}

bool script_setting_set(struct machine_config *config, const char *name, const char *value,
                        GError **error)
{
    const char *names[G_N_ELEMENTS(settings) + 1] = {NULL};
    for (size_t i = 0; i < settings_count; i++) {
        names[i] = settings[i].name;
        if (strcmp(name, settings[i].name) != 0)
            continue;
        for (int word = 0; word < SETTING_WORDS_MAX && settings[i].words[word]; word++) {
            if (strcmp(value, settings[i].words[word]) == 0) {
                setting_store(config, i, word);
                return true;
            }
        }
        char *words = words_join(settings[i].words);
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s = '%s': it must be one of %s", name,
                    value, words);
        g_free(words);
        return false;
    }
    const char *nearest = script_nearest(name, names);
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "no setting '%s'%s%s%s (prova list settings)",
                name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                nearest ? "'?" : "");
    return false;
}

void script_settings_describe(GString *out)
{
    for (size_t i = 0; i < settings_count; i++) {
        char *words = words_join(settings[i].words);
        g_string_append_printf(out, "  %-24s %s (%s)\n", settings[i].name, words,
                               settings[i].meaning);
        g_free(words);
    }
}
