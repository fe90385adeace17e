// Helping with a run that another loader leads: joins it, takes batches of its load phase until there are none left,
// and leaves. The other side is helpers.hpp. Throws nothing for what ends the help early: the outcome says it.
#pragma once
#include <cstdint>
#include <string>

#include "loader/config/settings.hpp"
#include "loader/engine/cancel.hpp"
#include "loader/staging/staging.hpp"

namespace lakemover::loader {

struct HelpOutcome {
    bool joined = false;
    std::string chunks = "0";  // how many batches were loaded
    std::string why;           // it ended, in words
    bool failed = false;       // worth a pause before the next try
};

// cancel: drained or raised from outside when the daemon is to end, and from here when the run needs no help any more.
HelpOutcome help_run(const Settings& settings, const Staging& staging, std::int64_t run_id,
                     const std::string& loader_id, CancelToken& cancel);

}  // namespace lakemover::loader
