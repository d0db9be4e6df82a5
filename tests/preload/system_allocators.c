/* SPDX-License-Identifier: MIT */
/* The program of allocator.c under allocators of the system, where they are installed: before and behind the library, with
 * threads, forks and a finding. */
/* case: jemalloc-behind-finds */
/* with: libjemalloc.so.2 */
/* status: 66 */
/* findings: 1 */
/* case: jemalloc-before-finds */
/* with-first: libjemalloc.so.2 */
/* status: 66 */
/* findings: 1 */
/* case: tcmalloc-behind-finds */
/* with: libtcmalloc_minimal.so.4 */
/* status: 66 */
/* findings: 1 */
/* case: tcmalloc-before-finds */
/* with-first: libtcmalloc_minimal.so.4 */
/* status: 66 */
/* findings: 1 */
/* case: mimalloc-behind-finds */
/* with: libmimalloc.so.2 */
/* status: 66 */
/* findings: 1 */
/* case: mimalloc-before-finds */
/* with-first: libmimalloc.so.2 */
/* status: 66 */
/* findings: 1 */
#include "allocator.c"
