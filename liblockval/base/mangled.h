/* SPDX-License-Identifier: MIT */
#ifndef LV_BASE_MANGLED_H
#define LV_BASE_MANGLED_H

#include "base/text.h"

/*
 * What a reader calls the variable behind the guard @symbol of C++ ("_ZGVZ3appvE4pool"): "app::pool", with the functions
 * and classes it lies in, but without types and template arguments, and "..." for what is not read. Appends nothing and
 * returns false for a symbol that is none, or whose variable is not read.
 */
bool lv_mangled_guard(const char *symbol, struct lv_text *out);

#endif
