// See type_names.hpp.
#include "source/odbc/type_names.hpp"

#include "source/error.hpp"
#include "source/odbc/encode.hpp"

namespace lakemover::source::odbc {

bool type_can_become(std::string_view native, std::string_view codec) {
    try {
        return can_encode(parse_sql_type(native), codec);
    } catch (const Error&) {
        return false;
    }
}

}  // namespace lakemover::source::odbc
