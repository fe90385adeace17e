#include "loader/config/large_objects.hpp"

#include <cstdlib>

#include "loader/util/error.hpp"

namespace lakemover::loader {

std::string large_objects_setting() {
    const char* value = std::getenv(kLargeObjectsVariable);
    const std::string setting = value ? value : "";
    if (!setting.empty() && setting != "yes" && setting != "no")
        throw Error(Exit::kUsage, std::string(kLargeObjectsVariable) + "=" + setting + " is invalid", {},
                    "valid values: yes, no");
    return setting;
}

}  // namespace lakemover::loader
