/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/reader.h"

bool lab_complain(struct lab_reader *r, const char *what, struct lab_word word)
{
    char name[LAB_NAME * 2] = "";

    memcpy(name, word.at, word.len < sizeof(name) ? word.len : sizeof(name) - 1);
    lv_text_printf(&r->complaint, "%s%s%s", what, word.len != 0 ? ": " : "", name);
    return false;
}

bool lab_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool lab_is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '&' || c == '>' || c == '(' || c == ')' || c == '.' || c == '/' || c == '$' || c == '*' || c == '#';
}

struct lab_word lab_next_word(struct lab_word *rest)
{
    struct lab_word word;

    while (rest->len != 0 && lab_is_blank(*rest->at)) {
        rest->at++;
        rest->len--;
    }
    word = (struct lab_word){ rest->at, 0 };
    while (rest->len != 0 && lab_is_name_char(*rest->at)) {
        word.len++;
        rest->at++;
        rest->len--;
    }
    return word;
}

bool lab_word_is(struct lab_word word, const char *text)
{
    return strlen(text) == word.len && memcmp(word.at, text, word.len) == 0;
}

bool lab_copy_name(struct lab_reader *r, char name[LAB_NAME], struct lab_word word)
{
    if (word.len == 0)
        return lab_complain(r, "a name is missing", word);
    if (word.len >= LAB_NAME)
        return lab_complain(r, "this name is too long", word);
    memcpy(name, word.at, word.len);
    name[word.len] = '\0';
    return true;
}

/* ---- names --------------------------------------------------------------------------------------------------------- */

/* A.2 is a lock of the class A. */
static void cut_instance(char *name)
{
    char *dot = strrchr(name, '.');

    if (dot != NULL && dot != name && dot[1] != '\0' && dot[1 + strspn(dot + 1, "0123456789")] == '\0')
        *dot = '\0';
}

struct lab_lock *lab_lock_at(struct lab_reader *r, struct lab_word word, uint8_t *ret_number)
{
    struct lab_program *p = r->program;
    struct lab_lock *lock;
    char name[LAB_NAME];

    if (!lab_copy_name(r, name, word))
        return NULL;
    for (uint8_t i = 0; i < p->lock_count; i++) {
        if (strcmp(p->locks[i].name, name) == 0) {
            *ret_number = i;
            return &p->locks[i];
        }
    }
    if (p->lock_count == LAB_LOCKS) {
        (void)lab_complain(r, "there are too many locks; no more than 32", (struct lab_word){ word.at, 0 });
        return NULL;
    }
    *ret_number = p->lock_count;
    lock = &p->locks[p->lock_count++];
    memcpy(lock->name, name, sizeof(name));
    memcpy(lock->class, name, sizeof(name));
    cut_instance(lock->class);
    return lock;
}

bool lab_thread_at(struct lab_reader *r, struct lab_word word, uint8_t *ret_number)
{
    struct lab_program *p = r->program;
    char name[LAB_NAME];

    if (!lab_copy_name(r, name, word))
        return false;
    for (uint8_t i = 0; i < p->thread_count; i++) {
        if (strcmp(p->sequences[i].name, name) == 0) {
            *ret_number = i;
            return true;
        }
    }
    if (p->thread_count == LAB_THREADS)
        return lab_complain(r, "there are too many threads; no more than 8", (struct lab_word){ word.at, 0 });
    *ret_number = p->thread_count++;
    memcpy(p->sequences[*ret_number].name, name, sizeof(name));
    return true;
}

bool lab_context_at(struct lab_reader *r, struct lab_word word, uint8_t *ret_number)
{
    struct lab_program *p = r->program;
    char name[LAB_NAME];

    if (!lab_copy_name(r, name, word))
        return false;
    for (uint8_t i = 0; i < p->context_count; i++) {
        if (strcmp(p->contexts[i].name, name) == 0) {
            *ret_number = i;
            return true;
        }
    }
    if (p->context_count == LAB_CONTEXTS)
        return lab_complain(r, "there are too many contexts; no more than 4", (struct lab_word){ word.at, 0 });
    *ret_number = p->context_count++;
    memcpy(p->contexts[*ret_number].name, name, sizeof(name));
    return true;
}
