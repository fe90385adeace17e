// See pg_array.hpp.
#include "source/odbc/pg_array.hpp"

namespace lakemover::source::odbc {

std::string pg_text_array(const std::vector<TextValue>& elements) {
    std::string array = "{";
    for (const TextValue& element : elements) {
        if (array.size() > 1) {
            array += ',';
        }
        if (!element) {
            array += "NULL";
            continue;
        }
        array += '"';
        for (const char c : *element) {
            if (c == '"' || c == '\\') {
                array += '\\';
            }
            array += c;
        }
        array += '"';
    }
    return array + "}";
}

}  // namespace lakemover::source::odbc
