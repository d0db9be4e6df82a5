/* SPDX-License-Identifier: MIT */
/* A page of tables, all of which are seen, with or without the script. */

const ROWS_SEARCHED = 8; /* shorter tables are seen at one glance */

startTheme(() => {});
startPrinting();
for (const section of findAll(".sortable")) {
    sortInPlace(section);
    if (findAll("tbody tr", section).length > ROWS_SEARCHED)
        searchInPlace(section);
}
