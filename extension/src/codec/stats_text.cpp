// See stats_text.hpp. Pure zone.
#include "codec/stats_text.hpp"

namespace lakemover::codec {

std::string column_stats_text(const std::vector<ColumnStats>& stats) {
    std::string text = "[";
    for (const ColumnStats& s : stats) {
        text += (text.size() > 1 ? ",[" : "[") + std::to_string(s.non_null) + ",\"" + std::to_string(s.hash_sum) +
                "\"," + std::to_string(s.bytes) + "]";
    }
    return text + "]";
}

}  // namespace lakemover::codec
