#include "loader/config/code_flags.hpp"

namespace lakemover::loader {

CodeFlags& code_flags() {
    static CodeFlags flags;
    return flags;
}

}  // namespace lakemover::loader
