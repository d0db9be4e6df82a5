// SPDX-License-Identifier: MIT
//! Numbers by key, and a journal of them: the library in C, whose locks are seen.

use std::os::raw::c_int;

extern "C" {
    fn store_put(key: c_int, value: c_int) -> c_int;
    fn store_get(key: c_int) -> c_int;
    fn store_compact();
}

pub fn put(key: i32, value: i32) -> bool {
    (0..64).contains(&key) && unsafe { store_put(key, value) } == 0
}

pub fn get(key: i32) -> Option<i32> {
    (0..64).contains(&key).then(|| unsafe { store_get(key) })
}

pub fn compact() {
    unsafe { store_compact() }
}
