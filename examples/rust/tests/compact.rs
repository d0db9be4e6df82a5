// SPDX-License-Identifier: MIT
#[test]
fn compact() {
    assert!(store::put(2, 20));
    store::compact();
    assert_eq!(store::get(2), Some(20));
}
