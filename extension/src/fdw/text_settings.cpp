// See text_settings.hpp.
#include "fdw/text_settings.hpp"

#include "pg/server.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace lakemover::fdw {

int begin_text_settings() {
    const int nest_level = NewGUCNestLevel();
    const auto set = [](const char* name, const char* value) {
        (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    };
    set("datestyle", "ISO, YMD");
    set("intervalstyle", "postgres");
    set("extra_float_digits", "3");
    set("bytea_output", "hex");
    set("timezone", "UTC");
    return nest_level;
}

void end_text_settings(int nest_level) { AtEOXact_GUC(true, nest_level); }

}  // namespace lakemover::fdw
