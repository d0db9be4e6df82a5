# SPDX-License-Identifier: MIT
"""What liblockval knows of a process, for gdb. Calls go down: commands, listing, names, books, layout, memory."""
