/* SPDX-License-Identifier: MIT */
/* A plugin that is loaded, used and unloaded over and over, mostly at the same place: its locks stay its locks, and a
 * report names them. */
/* case: clean */
/* args: clean {plugin_lib} */
/* case: finds */
/* args: finds {plugin_lib} */
/* status: 66 */
/* findings: 1 */
/* expect: ^-> #0 \(plugin_first\) */
/* expect: plugin_second +static \(libplugin_lib\.so\) */
#include "program.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
    MUST(argc == 3);
    for (int i = 0; i < 50; i++) {
        void *plugin = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
        void (*use)(int other_order);

        MUST(plugin != NULL);
        use = (void (*)(int))dlsym(plugin, "plugin_use");
        MUST(use != NULL);
        use(i == 40 && is_case(argv, "finds"));
        MUST(dlclose(plugin) == 0);
    }
    puts("done");
    return 0;
}
