/* SPDX-License-Identifier: MIT */
/* In the head of the page, before anything is laid out: what the script will hide is not drawn first. */

document.documentElement.classList.add("js");
