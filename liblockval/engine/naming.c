/* SPDX-License-Identifier: MIT */
/* What classes and addresses are called. Names are made when they are asked for, from module and offset, which are kept
 * from the class's first day: so an unloaded module's classes keep their names, and a program without findings never
 * reads a symbol table for them. */

#include <string.h>

#include "base/mangled.h"
#include "engine/resolve.h"

static const char *const kind_names[LV_KIND__COUNT] = { "mutex", "rwlock", "spinlock", "semaphore", "once",
                                                        "guard", "file",   "map",      "event" };

static void name_symbol(const struct lv_symbol *symbol, uintptr_t plus, struct lv_text *out)
{
    if (symbol->symbol != NULL)
        lv_text_puts(out, symbol->symbol);
    else if (symbol->module != NULL)
        lv_text_puts(out, symbol->module->name);
    if (symbol->module == NULL)
        lv_text_printf(out, "0x%lx", (unsigned long)(symbol->offset + plus));
    else if (symbol->offset + plus != 0 || symbol->symbol == NULL)
        lv_text_printf(out, "+0x%lx", (unsigned long)(symbol->offset + plus));
}

void lv_frame_name(struct lv_context *ctx, uintptr_t frame, uint32_t born, struct lv_text *out)
{
    struct lv_symbol symbol;

    lv_modules_name_in(lv_modules_at(&ctx->modules, frame - 1, born), frame - 1, &symbol);
    name_symbol(&symbol, 1, out);
    if (symbol.module != NULL && symbol.symbol != NULL)
        lv_text_printf(out, " (%s)", symbol.module->name);
}

/* The symbol at a class's place: of the lock itself for static locks, of the function for call sites. */
static uintptr_t place_symbol(const struct lv_class *class, struct lv_symbol *ret)
{
    uintptr_t bias = class->key.module != NULL ? class->key.module->bias : 0;
    uintptr_t back = class->key.origin == LV_CLASS_INIT || class->key.origin == LV_CLASS_LOCK;

    lv_modules_name_in(class->key.module, class->key.place + bias - back, ret);
    return back;
}

/* A guard has no name that the program's text knows: it is called after its variable. */
static bool name_guard(const struct lv_class *class, const struct lv_symbol *symbol, struct lv_text *out)
{
    struct lv_text variable;
    char buf[256];

    if (class->key.kind != LV_KIND_GUARD || symbol->symbol == NULL || symbol->offset != 0)
        return false;
    lv_text_init(&variable, buf, sizeof(buf));
    if (!lv_mangled_guard(symbol->symbol, &variable))
        return false;
    lv_text_printf(out, "%s@%s", kind_names[LV_KIND_GUARD], buf);
    return true;
}

void lv_class_name(const struct lv_class *class, struct lv_text *out)
{
    if (class->key.name != NULL) {
        lv_text_puts(out, class->key.name);
        if (class->version > 1)
            lv_text_printf(out, "#%u", class->version);
    } else {
        struct lv_symbol symbol;
        uintptr_t plus = place_symbol(class, &symbol);

        if (class->key.origin == LV_CLASS_INIT || class->key.origin == LV_CLASS_LOCK)
            lv_text_printf(out, "%s@", kind_names[class->key.kind]);
        else if (class->key.origin == LV_CLASS_JOIN)
            lv_text_puts(out, "join of ");
        if (!name_guard(class, &symbol, out))
            name_symbol(&symbol, plus, out);
    }
    if (class->subclass != 0)
        lv_text_printf(out, "/%u", (unsigned)class->subclass);
}

/* The wrapper that was stepped over to find the site, where more than one way leads there too. */
static void name_wrapper(struct lv_context *ctx, const struct lv_class *class, struct lv_text *out)
{
    struct lv_symbol symbol;

    if (class->wrapper == 0)
        return;
    lv_modules_name_in(lv_modules_at(&ctx->modules, class->wrapper - 1, class->wrapper_born), class->wrapper - 1,
                       &symbol);
    if (symbol.symbol != NULL)
        lv_text_printf(out, ", through the wrapper %s", symbol.symbol);
    else
        lv_text_puts(out, ", through a wrapper");
    if (class->ways > 1)
        lv_text_printf(out, " (one of %u ways)", class->ways);
}

void lv_class_origin(struct lv_context *ctx, const struct lv_class *class, struct lv_text *out)
{
    static const char *const words[] = { "static", "init at ", "first taken at ", "named by lockval.h",
                                         "end of the threads that begin in " };
    struct lv_symbol symbol;
    uintptr_t plus;

    lv_text_puts(out, class->key.origin == LV_CLASS_LOCK && class->key.kind == LV_KIND_EVENT
                          ? "first waited for at "
                          : words[class->key.origin]);
    if (class->key.origin == LV_CLASS_NAME)
        return;
    plus = place_symbol(class, &symbol);
    if (class->key.origin != LV_CLASS_STATIC)
        name_symbol(&symbol, plus, out);
    if (class->key.module != NULL)
        lv_text_printf(out, " (%s)", class->key.module->name);
    name_wrapper(ctx, class, out);
}

static const char *const key_words[] = { "static", "init", "lock", "name", "join" };

static void end_key(const struct lv_class *class, struct lv_text *out)
{
    if (class->subclass != 0)
        lv_text_printf(out, "/%u", (unsigned)class->subclass);
}

void lv_class_run_key(const struct lv_class *class, struct lv_text *out)
{
    const struct lv_module *module = class->key.module;

    lv_text_printf(out, "%s:", key_words[class->key.origin]);
    if (class->key.origin == LV_CLASS_NAME) {
        lv_text_puts(out, class->key.name != NULL ? class->key.name : "?");
        if (class->version > 1)
            lv_text_printf(out, "#%u", class->version);
    } else {
        if (module != NULL && module->build_id_size != 0) {
            for (unsigned i = 0; i < module->build_id_size; i++)
                lv_text_printf(out, "%02x", (unsigned)module->build_id[i]);
        } else {
            lv_text_puts(out, module != NULL ? module->name : "?");
        }
        lv_text_printf(out, "+0x%lx", (unsigned long)class->key.place);
    }
    end_key(class, out);
}

/* Does @class, of the same module, lie in the function @symbol? Where there are none with names, they are all one. */
static bool is_in(const struct lv_class *class, const struct lv_symbol *symbol)
{
    uintptr_t start = symbol->module_offset - symbol->offset;
    struct lv_symbol theirs;

    if (class->key.module == NULL)
        return true;
    if (symbol->symbol != NULL && class->key.place - 1 - start >= symbol->size)
        return false;
    (void)place_symbol(class, &theirs);
    return theirs.symbol == symbol->symbol;
}

/* Is @other one that @class is counted among, if it is in the same function? */
static bool is_like(const struct lv_class *class, const struct lv_class *other)
{
    return other->subclass == 0 && other->key.origin == class->key.origin && other->key.kind == class->key.kind &&
           other->key.module == class->key.module;
}

/* The how-manyth class this is among those of one origin and kind in one function: the order in which they were met. Most of a
 * large program's classes are of other functions, and are not looked up. */
static uint32_t ordinal_of(struct lv_context *ctx, struct lv_class *class, const struct lv_symbol *symbol)
{
    uint32_t ordinal = 1;

    if (class->ordinal != 0)
        return class->ordinal;
    for (uint32_t i = 1; i < class->base.v; i++) {
        const struct lv_class *other = lv_classes_get(&ctx->classes, (lv_class_id){ i });

        ordinal += is_like(class, other) && is_in(other, symbol);
    }
    class->ordinal = ordinal;
    return ordinal;
}

bool lv_class_is_out_of_order(struct lv_context *ctx, const struct lv_class *class)
{
    struct lv_symbol symbol;
    uintptr_t last = 0;

    (void)place_symbol(class, &symbol);
    for (uint32_t i = 1; i < ctx->classes.all.count; i++) {
        const struct lv_class *other = lv_classes_get(&ctx->classes, (lv_class_id){ i });

        if (!is_like(class, other) || !is_in(other, &symbol))
            continue;
        if (other->key.place < last)
            return true;
        last = other->key.place;
    }
    return false;
}

/*
 * Of two keys with one name, which is #2 depends on the run: the key's symbol tells them apart. The symbol of a static
 * variable inside a function has a dot, and is what the compiler makes of it; there the name has to do.
 */
static void stable_name(const struct lv_class *class, const struct lv_symbol *symbol, struct lv_text *out)
{
    lv_text_printf(out, "%s:%s", key_words[LV_CLASS_NAME], class->key.name != NULL ? class->key.name : "?");
    if (symbol->symbol != NULL && strchr(symbol->symbol, '.') == NULL) {
        lv_text_printf(out, ":%s:%s", class->key.module->name, symbol->symbol);
        if (symbol->offset != 0)
            lv_text_printf(out, "+0x%lx", (unsigned long)symbol->offset);
    }
    end_key(class, out);
}

void lv_class_stable_key(struct lv_context *ctx, struct lv_class *class, struct lv_text *out)
{
    struct lv_symbol symbol;

    (void)place_symbol(class, &symbol);
    if (class->key.origin == LV_CLASS_NAME) {
        stable_name(class, &symbol, out);
        return;
    }
    lv_text_printf(out, "%s:%s:%s", key_words[class->key.origin],
                   class->key.module != NULL ? class->key.module->name : "?",
                   symbol.symbol != NULL ? symbol.symbol : "?");
    if (class->key.origin == LV_CLASS_JOIN)
        return;
    if (class->key.origin != LV_CLASS_STATIC)
        lv_text_printf(out, ":%s:%u", kind_names[class->key.kind], ordinal_of(ctx, class, &symbol));
    else if (symbol.offset != 0)
        lv_text_printf(out, "+0x%lx", (unsigned long)symbol.offset);
    end_key(class, out);
}
