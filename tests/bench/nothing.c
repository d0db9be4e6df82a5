/* SPDX-License-Identifier: MIT */
/* What true(1) does; of our own, so that it can be built with a sanitizer. */

int main(void)
{
    return 0;
}
