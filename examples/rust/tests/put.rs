// SPDX-License-Identifier: MIT
#[test]
fn put() {
    assert!(store::put(1, 10));
    assert_eq!(store::get(1), Some(10));
    assert_eq!(store::get(64), None);
}
