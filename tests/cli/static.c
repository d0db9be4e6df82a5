/* SPDX-License-Identifier: MIT */
/* A program that no library can be preloaded into: it ends with the status 3. */

int main(void)
{
    return 3;
}
